"""A mail as the formats look at it: the report's own words apart from the mail that came back below them, and whether a
mail system wrote it at all. What people write about bounces, in answers and on lists, is nobody's bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from postduif.bounce.mail_parts import Fields, Mail
from postduif.bounce.mail_text import readable, subject_of
from postduif.bounce.original import returned_header

MAX_COMPARED = 16 * 1024
"""Characters in which the signs of a format are looked for."""

_RETURNED_NAMES = (
    r"(?:the |your )?(?:original|unsent|returned|undelivered|forwarded|failed) (?:message|e?-?mail)(?: \w{4,7}+)?",
    r"(?:the )?(?:message|mail) (?:headers?|text)",
    r"(?:the )?headers? of the original (?:message|mail)",
    r"begin (?:original|returned) message",
    r"start of (?:returned|original) message",
    r"message follows",
    r"mensaje original",
    r"urspr(?:ü|ue)ngliche nachricht",
    r"originalnachricht",
    r"message d.origine",
    r"messaggio originale",
    r"mensagem original",
    r"исходное сообщение",
    r"元のメッセージ",
)
_COPY = (
    r"(?:\w{1,15}+ ){0,4}(?:is )?(?:a |the )?copy of (?:the|your) (?:original |returned )?(?:message|mail|body|e-mail)"
)
_FOLLOWS = r"(?: is| are)?(?: attached| follows?| following| as follows| below)?[ \t.:;,|=*_#-]{0,80}$"
_SIGNAL = rf"{_COPY}[^\n]{{0,60}}$|(?:{'|'.join(_RETURNED_NAMES)}){_FOLLOWS}"
_RETURNED = re.compile(
    rf"^[ \t>]{{0,8}}(?:[-=*_|#]{{2,60}}+[ \t]{{0,4}}+)?(?:{_SIGNAL})",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER = re.compile(r"^(?:Received|Return-Path|DKIM-Signature|X-Received):[^\n]*\n", re.IGNORECASE | re.MULTILINE)

_SENDERS = (
    r"mailer[-_. ]?daemon",
    r"post[-_. ]?master",
    r"mail delivery",
    r"mail deliver\b",
    r"mail administrator",
    r"mail[-_ ]?system",
    r"mail ?server",
    r"mdaemon",
    r"message router",
    r"delivery (?:subsystem|status|agent|failure)",
    r"deliver system",
    r"system administrator",
    r"notes admin",
    r"smtp-?gate",
    r"virusalert",
    r"interscan",
)
_SENDER = re.compile("|".join(_SENDERS))
_SUBJECTS = (
    r"undeliver",
    r"non?[- ]?deliver",
    r"not (?:be )?(?:delivered|deliverable|sent)",
    r"deliver(?:y|ed)? (?:\w+ ){0,2}(?:fail|stat|error|problem|notif|report|delay|incomplete)",
    r"delivery_failure",
    r"(?:failure|failed|error|delay|warning)\b.{0,40}(?:deliver|mail|message|notice|sending)",
    r"message (?:\w+ ){0,3}(?:fail|delay|undeliver)",
    r"mail (?:failure|failed|error|system error)",
    r"mail_?error",
    r"error sending",
    r"returned (?:mail|to sender|e-?mail)",
    r"could(?: not|n't) (?:\w+ )?(?:send|deliver)",
    r"problems? with your message",
    r"bounce",
    r"rejected",
    r"(?:unknown (?:user|recipient|address)|user unknown)",
    r"mailbox (?:is )?full",
    r"over quota",
    r"unzustellbar|nicht zugestellt|zustell",
    r"non remis|[ée]chec|undelivrable",
    r"no se (?:ha )?(?:puede|pudo|podido)|devuelt",
    r"no entreg|devolvid",
    r"mancat|non recapit",
    r"onbestelbaar|niet (?:be|af)ge",
    r"не ?доставлен|недоставлен",
    r"doručen|niedostarcz",
    r"配信|届|エラー|退信",
)
_SUBJECT = re.compile("|".join(_SUBJECTS))
_ANSWER = re.compile(r"(?:re|aw|antw|sv|vs|odp|r|rv)\s?(?:\[\d+\])?:")
_OF_LISTS = ("list-id", "list-unsubscribe", "list-post")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as formats see it."""

    mail: Mail
    text: str
    """The report's own words, with LF line ends."""
    small: str
    """Their beginning in small letters with single spaces, for comparing."""
    subject: str
    """In small letters."""
    sender: str
    """The From field, in small letters."""
    returned: Fields
    """The header of the returned mail."""
    signed: bool
    """Its From field says that a mail system wrote it."""
    from_system: bool
    """The same, or its empty return path, its subject or X-Failed-Recipients say so."""


def letter(mail: Mail) -> Letter:
    """Prepare a mail for the formats."""
    text, below = _cut(readable(mail))
    small = _SPACES.sub(" ", text[:MAX_COMPARED]).lower()
    subject = subject_of(mail.fields).lower()
    sender = mail.fields.first("from").lower()
    signed = bool(_SENDER.search(sender))
    from_system = signed or _by_system(mail, subject)
    return Letter(mail, text, small, subject, sender, returned_header(mail, below), signed, from_system)


def _by_system(mail: Mail, subject: str) -> bool:
    fields = mail.fields
    if "x-failed-recipients" in fields:
        return True
    if "return-path" in fields and not fields.first("return-path").strip("< >"):
        return True
    answer = _ANSWER.match(subject) or any(name in fields for name in _OF_LISTS)
    return bool(not answer and _SUBJECT.search(subject))


def _cut(text: str) -> tuple[str, str]:
    """The report's words, and what stands below them: the returned mail."""
    ends = [match.start() for match in (_RETURNED.search(text), _HEADER.search(text)) if match and match.start() > 0]
    end = min(ends, default=len(text))
    return text[:end], text[end:]
