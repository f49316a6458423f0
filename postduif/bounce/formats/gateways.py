"""Filters and gateways between us and the mailbox: InterScan, MailMarshal, MailFoundry, SurfControl and others."""

from __future__ import annotations

from postduif.bounce.formats.declaration import Format, Sign, texts

FORMATS = (
    Format(
        "interscan",
        "Trend Micro InterScan",
        (
            Sign(text="sent <<< rcpt to:"),
            Sign(sender="interscan"),
            Sign(text="message from interscan messaging security suite"),
        ),
        (r"\s{0,4}sent <<< rcpt to:\s?<TO>", r"(?P<why>unable to deliver message to <TO>.*)"),
        through=True,
    ),
    Format(
        "amavis",
        "amavisd-new",
        texts("our internal reference code for your message is", "the message carried your return address"),
        (r"-> <?TO>?$",),
        reason=("was considered", "content type:"),
        apart=True,
    ),
    Format(
        "mailmarshal",
        "Trustwave MailMarshal",
        texts("could not be delivered because of", "the following recipients were affected"),
        (r"\s{0,8}<?TO>?$",),
        begins=("recipients were affected",),
        reason=("could not be delivered because of",),
        ends=("additional information",),
        apart=True,
    ),
    Format(
        "mailfoundry",
        "MailFoundry",
        texts("delivery failed for the following reason:"),
        (r"unable to deliver message to: <TO>",),
        reason=("delivery failed for the following reason:",),
        apart=True,
    ),
    Format(
        "surfcontrol",
        "SurfControl E-mail Filter",
        texts("your message could not be sent. a transcript of the attempts"),
        (r"\s{0,4}addressed to:\s*<?TO>?", r"TO: (?P<why>.*)"),
        through=True,
    ),
    Format(
        "mxlogic",
        "MX Logic",
        (Sign(field="x-mx-bounce"),),
        (r"\s{1,4}<TO>: (?P<why>.*)",),
    ),
    Format(
        "barracuda",
        "Barracuda and others that name the message and its recipient",
        texts("was blocked by our spam firewall", "was blocked by our e-mail filter"),
        (r"your message to: TO",),
        reason=("was blocked by", "was rejected", "reason:"),
        through=True,
    ),
)
