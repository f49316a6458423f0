"""Japanese carriers and mail systems: docomo, KDDI au, SoftBank, Biglobe, Nifty, FML, m-FILTER, Active! hunter."""

from __future__ import annotations

from postduif.bounce.formats.declaration import Format, Sign, texts

FORMATS = (
    Format(
        "au",
        "KDDI au (EZweb) and docomo",
        (
            Sign(sender="ezweb.ne.jp", subject="mail system error"),
            Sign(text="each of the following recipients was rejected by a remote mail server"),
            Sign(text="the following recipients did not receive this message"),
            Sign(text="the user(s) account is disabled"),
            Sign(text="the user(s) account is temporarily over quota"),
            Sign(text="the user(s) account is temporarily limited"),
            Sign(subject="mail system error - returned mail"),
            Sign(text="this user doesn't use on", sender="ezweb"),
        ),
        (r"\s{0,8}recipient:\s*<TO>\s*(?P<why>.*)", r"\s{0,4}<TO>:?\s*(?P<why>.*)", r"\s{0,4}>>> rcpt to:\s?<TO>"),
    ),
    Format(
        "kddi",
        "KDDI (dion, au one net) and others that date what they could not deliver",
        (
            Sign(text="your mail sent on:", any_sender=True),
            Sign(text="your mail attempted to be delivered on:", any_sender=True),
            Sign(text="could not be delivered to: <"),
        ),
        (r"\s{0,8}could not be delivered to: <?TO>?\s*(?P<why>.*)",),
    ),
    Format(
        "mfilter",
        "m-FILTER",
        (Sign(field="x-mailer: m-filter", any_sender=True), Sign(text="-------server message")),
        (r"\s{0,2}<?TO>?$",),
        reason=("-------server message",),
        ends=("-------smtp command", "-------original"),
        apart=True,
    ),
    Format(
        "biglobe",
        "Biglobe, McAfee and others with delivery problems",
        texts("the following addresses had delivery problems", "----- non-delivered information -----"),
        (r"\s{0,4}<TO>\s*(?P<why>\(.*)?$", r"\s{0,4}TO$"),
        reason=("non-delivered information",),
        begins=("had delivery problems", "non-delivered"),
    ),
    Format(
        "fml",
        "FML, a mailing list program",
        (
            Sign(text="you are not a member of this mailing list", any_sender=True),
            Sign(text="duplicated message-id in <", any_sender=True),
            Sign(subject="are not member", text="mailing list", any_sender=True),
            Sign(text="the mailing list rejects", field="x-mlserver: fml", any_sender=True),
            Sign(text="reject mail from a known", field="x-mlserver: fml", any_sender=True),
        ),
        (
            r"(?P<why>(?:you are not a member of this mailing list|duplicated message-id in) <TO>.*)",
            r"(?P<why>.{0,200}?mailing list <TO>.*)",
            r"(?P<why>.{0,100}?in <TO>.*)",
        ),
        nameless=False,
    ),
    Format(
        "activehunter",
        "Active! hunter",
        (Sign(subject="failure notice :", text="the following addresses had permanent fatal errors"),),
        (r"\s{0,2}>>> TO <",),
        through=True,
    ),
    Format(
        "yahoo-japan",
        "Yahoo! Japan and others with a list of addresses",
        texts("the following address(es):", "以下のメールアドレス", "次のあて先への"),
        (r"\s{0,8}<?TO>?:?\s*(?P<why>.*)",),
        begins=("address(es)", "メールアドレス", "次のあて先"),
    ),
)
