"""Mail systems that are known by a sentence only, and what is left: any mail that says that something failed."""

from __future__ import annotations

from postduif.bounce.formats.declaration import Format, Sign, line, lines, texts

_SENTENCES = (
    "here is your list of failed recipients",
    "trying to deliver the mail to the following recipients",
    "delivered to one of its intended recipients",
    "recipients have not yet received your message",
    "the following addresses did not receive a copy of your message",
    "the following addresses did not receive a copy of it",
    "the email below could not be delivered to the following user",
    "delivery to the following recipients failed",
    "delivery to the following recipient failed",
    "delivery to the following recipients was aborted",
    "delivery to the following recipients has been delayed",
    "a message could not be delivered to:",
    "a message that you have sent could not be delivered",
    "sorry, unable to deliver your message to",
    "---- failed recipients ----",
    "message not delivered",
    "your message could not be delivered",
    "your message cannot be delivered to the following",
    "your message was not delivered to",
    "the following recipient(s) could not",
    "the following recipient could not be reached",
    "could not be delivered to the following",
    "could not deliver message to the following",
    "could not be sent to the following",
    "failed to deliver to the following",
    "unable to deliver your message to the following",
    "unable to deliver mail to the following",
    "unable to deliver the message to the following",
    "was not delivered to the following",
    "failed for the following recipient",
    "the following recipients have failed",
    "a message that you sent was rejected",
    "this is the deliver program at",
    "this is the email server at",
    "konnte nicht zugestellt werden",
    "konnte nicht an folgende",
    "kon niet worden afgeleverd",
    "kon niet worden bezorgd",
    "n'a pas pu être remis",
    "n'a pu être distribué",
    "no se ha podido entregar",
    "no pudo ser entregado",
    "non è stato recapitato",
    "não pôde ser entregue",
    "nie mogła zostać dostarczona",
    "не может быть доставлено",
    "не было доставлено",
    "无法投递",
    "無法傳送",
    "以下のメールアドレス",
    "配信できませんでした",
)

_LABELS = (
    "intended recipient|undeliverable address|failed recipient|recipient|user's mailbox is full|mailbox full"
    "|unknown user|no such user|user unknown|message to"
)
_BEFORE = (
    "addressed to|message for|delivery to|deliver to|delivered to"
    "|(?:your|the|this) (?:message|mail|e-?mail) to|(?:sending|deliver) (?:message|mail|e-?mail) to"
)

FORMATS = (
    Format(
        "mdaemon",
        "MDaemon",
        texts("session transcript"),
        lines((r"\s{0,4}failed recipient: <?TO>?", r"> <?TO>?$", r"rcpt to:\s?<TO>")),
        nameless=False,
        through=True,
    ),
    Format(
        "mailenable",
        "MailEnable",
        texts("recipient: [smtp:"),
        (line(r"\s{0,8}recipient: \[smtp:TO\]"),),
        reason=("reason:",),
    ),
    Format(
        "lsmtp",
        "LSMTP",
        texts("error-for:", "error description:"),
        lines((r"error-for:\s+<?TO>?",)),
        reason=("error-text:",),
    ),
    Format(
        "sieve",
        "Dovecot and Cyrus, about a rule or a quota of the recipient",
        texts("was automatically rejected"),
        lines(
            (
                r".{0,40}<TO> was automatically rejected[: ]*(?P<why>.*)",
                r".{0,40}to <?TO>? was automatically rejected[: ]*(?P<why>.*)",
            )
        ),
        through=True,
    ),
    Format(
        "in-a-sentence",
        "Systems that name the recipient in a sentence",
        texts(
            "intended recipient:",
            "undeliverable address:",
            "user's mailbox is full:",
            "failed recipient:",
            "addressed to ",
            "unable to deliver message to",
            "mailbox full:",
            "user mailbox is full",
            "message to: ",
            "sorry, your message to",
            "could not be delivered to <",
            "failed delivery to",
            "your message to ",
            "your email to ",
            "your mail to ",
            "the message to ",
            "unknown user:",
            "no such user:",
            "user unknown:",
            "error sending message to",
        ),
        lines(
            (
                rf".{{0,30}}?(?:{_LABELS}): ?<?TO>?\s*(?P<why>.*)",
                rf"(?P<why>.{{0,60}}?(?:{_BEFORE}) ['\"<]{{0,2}}TO.*)",
                r"\s{0,4}(?:rcpt|sent <<< rcpt) to:\s?<TO>",
                r"(?P<why>unable to deliver.{0,30}? <TO>.*)",
            )
        ),
        through=True,
        nameless=False,
        delayed=("still being tried", "will be retried", "will keep trying", "has been delayed"),
    ),
    Format(
        "announced",
        "Systems that announce a list of recipients",
        texts(*_SENTENCES),
        lines(
            (
                r"\s{0,10}[-*>•]?\s?<TO>:?\s*(?P<why>.*)",
                r"\s{0,10}[-*>•]?\s?'?TO'?:?$",
                r"\s{0,10}[-*>•]?\s?TO:\s+(?P<why>.*)",
                r"\s{0,10}TO\s+(?P<why>[(\[\"-].*)",
                r"\s{0,10}TO; (?P<why>.*)",
                r"[\w.+-]{1,64}:\d{1,10}:<TO> : (?P<why>.*)",
                r"\s{0,10}(?:to|recipient|address|user):\s+<?TO>?\s*(?P<why>.*)",
                r"(?P<why>[45]\d\d[- ].{0,60}?<TO>.*)",
            )
        ),
        begins=_SENTENCES,
        reason=("reason:", "reason for failure:", "the reason is:", "diagnostic:", "error message:", "because:"),
        through=True,
        delayed=(
            "still being tried",
            "will be retried",
            "will keep trying",
            "has been delayed",
            "will continue t",
            "have not yet received",
        ),
    ),
)

PLAIN = Format(
    "plain",
    "Any mail from a mail system that says that something failed",
    (
        *texts(
            "undeliver",
            "not deliver",
            "not be deliver",
            "delivery fail",
            "failed",
            "failure",
            "rejected",
            "returned to",
            "unknown user",
            "user unknown",
            "no such user",
            "mailbox full",
            "mailbox is full",
            "quota",
            "does not exist",
            "smtp error",
            "said: 5",
            "<<< 5",
            "550 ",
            "554 ",
        ),
        Sign(field="x-failed-recipients"),
    ),
    lines(
        (
            r"\s{0,10}[-*>•]?\s?<TO>:?\s*(?P<why>.*)",
            r"(?P<why>\s{0,4}(?:<<< )?[45]\d\d[- ].{0,60}?<TO>.*)",
            r"\s{0,4}(?:>>> |sent <<< )?rcpt to:\s?<TO>",
            r"\s{0,10}(?:to|recipient|address|user|addressee|for):\s+<?TO>?\s*(?P<why>.*)",
            r"\s{0,10}[-*>•]?\s?'?TO'?:?$",
            r"\s{0,10}TO:\s+(?P<why>.*)",
        )
    ),
    through=True,
    delayed=("still being tried", "will be retried", "will keep trying", "has been delayed", "will continue to"),
)
"""Tried when no other format is seen. The addresses that the report itself goes to and comes from are no recipients."""
