"""Large mailbox providers with words of their own: Google, Zoho, Yahoo! Japan, AOL, Verizon, Facebook, Mimecast."""

from __future__ import annotations

from postduif.bounce.formats.declaration import Format, Sign, texts

FORMATS = (
    Format(
        "google-groups",
        "Google Groups",
        (
            Sign(sender="googlemail.com", text="https://groups.google.com"),
            Sign(sender="google.com", text="groups.google.com/support"),
        ),
    ),
    Format(
        "google",
        "Gmail and Google Workspace",
        (
            Sign(text="delivery to the following recipient failed permanently"),
            Sign(text="delivery to the following recipients failed permanently"),
            Sign(text="delivery to the following recipient has been delayed"),
            Sign(text="technical details of permanent failure"),
            Sign(text="technical details of temporary failure"),
            Sign(text="this is an automatically generated delivery status notification"),
            *texts("** address not found **", "** message blocked **", "** message not delivered **"),
            *texts("** recipient inbox full **", "** delivery incomplete **", "** message rejected **"),
            Sign(text="the response from the remote server was:"),
            Sign(text="the response was:", sender="google"),
            Sign(sender="mailer-daemon@googlemail.com"),
            Sign(sender="mailer-daemon@google.com"),
        ),
        (
            r"\s{1,10}(?:\* )?<?TO>?$",
            r"your message (?:wasn't|couldn't be|was not) delivered to TO(?: because (?P<why>.*))?",
            r"your message to TO (?P<why>(?:has been|was|couldn't|could not).*)",
            r"there was a (?:temporary )?problem (?:while )?delivering your message to TO",
        ),
        reason=(
            "technical details of permanent failure:",
            "technical details of temporary failure:",
            "technical details:",
            "the error that the other server returned was:",
            "the response from the remote server was:",
            "the response was:",
            "smtp:",
        ),
        through=True,
        delayed=("has been delayed", "temporary problem", "will retry for"),
    ),
    Format(
        "zoho",
        "Zoho Mail",
        (Sign(sender="zoho", text="error_code"), Sign(field="x-mailer: zoho mail", text="could not be delivered")),
        (
            r"\[?status: ?error,? ?address: ?<?TO>?,? ?(?P<why>.*)",
            r"\s{0,4}<?TO>?,? (?P<why>.*(?:error_code|error|invalid|failed).*)",
        ),
    ),
    Format(
        "mimecast",
        "Mimecast",
        texts("the problem appears to be :", "an email that you attempted to send to the following address"),
        (r"--? TO$",),
        reason=("additional information follows :", "the problem appears to be :"),
        apart=True,
    ),
    Format(
        "verizon",
        "Verizon, AT&T and T-Mobile gateways to telephones",
        (
            Sign(text="message could not be delivered to mobile"),
            Sign(text="undeliverable to the mobile"),
            Sign(sender="post_master@"),
        ),
        (
            r"\s{0,4}(?:rcpt to|to|message could not be delivered to mobile):? <?TO>?",
            r"\s{0,4}message could not be delivered to TO",
        ),
        reason=("error message below:", "error:"),
        apart=True,
    ),
    Format(
        "aol",
        "AOL of old, CompuServe, Netscape and InterMail",
        texts(
            "your mail to the following recipients could not be delivered",
            "your message was not delivered to the following recipients",
            "this message was undeliverable due to the following reason",
            "your message was not delivered to the following",
            "your message could not be delivered for the following reason",
            "the following recipients did not receive your message",
            "message could not be delivered to the following",
        ),
        (
            r"\s{0,8}<?TO>?(?::|\s-)?\s+(?P<why>\S.*)",
            r"\s{0,8}<?TO>?:?$",
            r"recipient: <?TO>?",
            r"reply from [\w.-]{1,100}:\s*(?P<why>.*)TO",
        ),
        reason=("due to the following reason:", "for the following reason:"),
        through=True,
    ),
    Format(
        "x6",
        "Mailers that number their errors",
        texts(
            "the following recipients returned permanent errors:", "the following recipients returned temporary errors:"
        ),
        (r".{0,40}recipients returned (?:permanent|temporary) errors: <?TO>?\.? ?(?P<why>.*)",),
        delayed=("recipients returned temporary errors",),
    ),
)
