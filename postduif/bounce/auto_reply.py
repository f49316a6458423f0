"""Automatic answers (RFC 3834): absence notes and the like, and challenges. Neither says that an address is bad.

Told by header fields first, by words of the subject second. Whether the mail is a bounce is settled before: bounces
carry `Auto-Submitted: auto-replied` too.
"""

from __future__ import annotations

import re

from postduif.bounce.address_text import addresses
from postduif.bounce.finding import Finding, Kind
from postduif.bounce.mail_parts import Mail
from postduif.bounce.mail_text import subject_of
from postduif.reply import Reply

READER = "rfc3834"
MAX_TEXT = 1000  # characters of the answer that are kept

_FIELDS = {
    "auto-submitted": "auto-replied",
    "x-auto-reply-from": "",
    "x-autoreply": "",
    "x-autoreply-from": "",
    "x-autorespond": "",
    "x-autoresponder": "",
    "x-autoresponse": "",
    "x-auto-reply": "",
    "x-mail-autoreply": "",
    "x-apple-action": "vacation",
    "x-cron-env": "",
    "x-facebook-notify": "autoreply",
    "x-gmail-autoresponse": "",
    "x-loop-vacation": "",
    "x-ms-exchange-generated-message-source": "mailbox rules agent",
    "x-ms-exchange-inbox-rules-loop": "",
    "x-vacation": "",
    "x-zarafa-vacation": "",
    "precedence": "auto_reply",
    "preference": "auto_reply",
    "delivered-to": "autoresponder",
}
_WORDLESS = {"no", "false", "0"}
_SUBJECTS = (
    r"auto(?:matic|mated)?[ -]?(?:reply|response|answer|responder|antwort|svar|mail)",
    r"auto\s?:|autosvar|autoreply",
    r"out[ -]of[ -](?:the[ -])?office|out of town|away from (?:my|the) (?:mail|office|desk)",
    r"on (?:vacation|holiday|leave)|vacation (?:reply|response|message|notice)",
    r"i am (?:away|out of|currently (?:away|out))|i'm away",
    r"automatische (?:antwort|beantwortung|abwesenheits)|abwesenheit",
    r"automatische? (?:antwoord|bericht|reactie)|afwezig|niet aanwezig|buiten kantoor",
    r"r[ée]ponse automatique|absen(?:ce|t)\b|message d.absence|en vacances",
    r"respuesta autom|fuera de (?:la )?oficina|resposta autom|fora do escrit|ausencia|aus[êe]ncia",
    r"risposta automatica|fuori (?:sede|ufficio)|automatyczna odpowied|nieobecno",
    r"автоответ|автоматический ответ|отсутств",
    r"automatiskt? svar|frånvaro|fravær|poissaolo|automaattinen",
    r"自動応答|自動返信|不在|自动回复|自動回覆",
)
_SUBJECT = re.compile(rf"(?:(?:re|aw|fw|antw|sv|vs|r)\s?:\s*){{0,3}}(?:{'|'.join(_SUBJECTS)})", re.IGNORECASE)
_CHALLENGE_FIELDS = (
    "x-boxbe-challenge",
    "x-challenge",
    "x-choicemail-request",
    "x-spamarrest-challenge",
    "x-tmda-confirm",
)
_CHALLENGE_SUBJECTS = (
    r"\[boxbe\]|spam ?arrest|bluebottle|antispam uol|challenge|sender verification|action required",
    r"confirm(?:ation)? (?:required|your (?:e-?mail|message|delivery))|requires? confirmation",
    r"please (?:confirm|verify) (?:your|you are|that you)|verify your (?:e-?mail|message)",
    r"requires? (?:your )?(?:approval|verification|authori[sz]ation)",
)
_CHALLENGE_SUBJECT = re.compile("|".join(_CHALLENGE_SUBJECTS), re.IGNORECASE)
_CHALLENGE_TEXTS = (
    r"spam ?arrest|boxbe|tmda|bluebottle|choicemail",
    r"click (?:on )?(?:this|the) link (?:below )?to (?:deliver|confirm|verify|prove)",
    r"to (?:deliver|release) your (?:message|mail|e-?mail)",
    r"prove (?:that )?you(?: are|'re) (?:a )?(?:human|person)",
    r"this (?:one[- ]time )?(?:verification|confirmation) (?:is|request)",
    r"your (?:message|e-?mail) (?:is|has been) (?:being )?held",
    r"(?:add(?:ed)? (?:you )?to|on) (?:my|the|his|her) (?:guest|approved|allowed|white) ?-?list",
)
_CHALLENGE_TEXT = re.compile("|".join(_CHALLENGE_TEXTS), re.IGNORECASE)
_ABSENT = re.compile(
    r"\b(?:(?:on|for) (?:vacation|holidays?|annual leave)|out of (?:the )?office|away (?:from|until|till)"
    r"|i (?:will|'ll) be back|will (?:answer|read|reply to) your (?:e-?)?mail|abwesend|nicht im (?:b[uü]ro|haus)"
    r"|afwezig|en vacances|absente?\b|de vacaciones|de f[eé]rias|in ferie|в отпуске)",
    re.IGNORECASE,
)
_MACHINE = ("auto-generated", "auto-notified")
_BULK = ("bulk", "junk", "list")
_BEHIND_THE_ANSWER = ("list-id", "list-unsubscribe", "list-post")


def read_answer(mail: Mail, text: str) -> tuple[Kind, Finding] | None:
    """What kind of automatic answer it is, and from whom. None when nothing says that it is one."""
    subject = subject_of(mail.fields)
    sender = next(iter(addresses(mail.fields.first("from"))), "")
    words = " ".join(f"{subject} {text}".split())[:MAX_TEXT]
    finding = Finding(sender, Reply(250, "", words), "", "", READER)
    if any(name in mail.fields for name in _BEHIND_THE_ANSWER):
        return None
    if _is_challenge(mail, subject, text):
        return Kind.CHALLENGE, finding
    if any(name in mail.fields and _says(mail, name, part) for name, part in _FIELDS.items()):
        return Kind.AUTO_REPLY, finding
    if _SUBJECT.match(subject) or (_from_a_machine(mail) and _ABSENT.search(words)):
        return Kind.AUTO_REPLY, finding
    return None


def _from_a_machine(mail: Mail) -> bool:
    """It says that no person wrote it, but not that it is an answer (RFC 3834 5.1; `vacation` of old)."""
    automatic = mail.fields.first("auto-submitted").lower().startswith(_MACHINE)
    return automatic or mail.fields.first("precedence").strip().lower() in _BULK


def _says(mail: Mail, name: str, part: str) -> bool:
    value = mail.fields.first(name).lower()
    return value not in _WORDLESS and part in value


def _is_challenge(mail: Mail, subject: str, text: str) -> bool:
    if any(name in mail.fields for name in _CHALLENGE_FIELDS):
        return True
    return bool(_CHALLENGE_SUBJECT.search(subject) and _CHALLENGE_TEXT.search(text[:4000]))
