"""The words about one recipient as a `Reply`: which SMTP code and which enhanced code (RFC 3463) they hold.

The code that the refusing host itself wrote is trusted before the Status field of the report: Status is often 5.0.0 or
4.4.7 while the words say 5.1.1. What comes out always agrees with itself: the code and the status have the same class.
"""

from __future__ import annotations

import re

from postduif.reply import Reply

MAX_WORDS = 2000  # characters

UNSAID = {"2": 250, "4": 451, "5": 554}
"""The code of what was said without one: those that mean least (RFC 5321 4.2.3)."""
_CLASS_OF = {"delivered": "2", "relayed": "2", "expanded": "2", "delayed": "4", "failed": "5"}

_ENHANCED = re.compile(r"(?<![\w.-])(?<!\w:)([245]\.[0-79]\.\d{1,3})(?![\w:]|\.\d|-\d)")
_CODE = re.compile(
    r"(?<![\w./-])(?<!\w:)([245][0-5]\d)(?=[ :;,)\]#-]|\.\s|\.?$)(?!-\d|:\d| \d\d\b| bytes)", re.MULTILINE
)
_PAIR = re.compile(r"(?<![\w.-])([245][0-5]\d)[ -]{1,2}\(?#?([245]\.[0-79]\.\d{1,3})(?![\w]|\.\d)")
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_LEADING = re.compile(r"(?:[245][0-5]\d[ :-]{1,3})?(?:\(?#?[245]\.[0-79]\.\d{1,3}\)?[ :]{1,3})?")
_SPACES = re.compile(r"\s+")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]+")
_TELLS_NOTHING = re.compile(r"[245]\.0\.0")
_GIVEN_UP = re.compile(r"4\.4\.7|5\.4\.7")
_LAPSED = re.compile(
    r"retry time(?:out)? (?:exceeded|not reached)|(?:message|envelope|delivery time) (?:has )?expired"
    r"|failing for a long time|could not be delivered (?:for too long|(?:for|within) \d{1,4} (?:hours|days))",
    re.IGNORECASE,
)
_AT_RCPT = re.compile(r"rcpt|recipient to command|does not like recipient", re.IGNORECASE)
_BY_ADDRESS = re.compile(r"(?:<<< )?(?:5\d\d )?<[^<>\s]{1,200}>: ")


def answers_rcpt(words: str) -> bool:
    """The words show that they answer RCPT: they name the command, or begin with the address as Postfix does."""
    return bool(_AT_RCPT.search(words) or _BY_ADDRESS.match(words))


def diagnose(words: str, *, status: str = "", action: str = "failed", remote_mta: str = "") -> Reply:
    """The reply that `words` tell of. `status` is the report's own, "" when it has none; `action` settles the rest."""
    words = _SPACES.sub(" ", words[:MAX_WORDS]).strip()
    code, said = _codes(words, arrived=_CLASS_OF.get(action) == "2")
    match = _STATUS.search(status)
    claimed = ".".join(str(int(number)) for number in match.groups()) if match else ""
    enhanced = _chosen(said, claimed, code)
    if not code and not _specific(enhanced) and _LAPSED.search(words):
        enhanced = "4.4.7"
    kind = enhanced[0] if enhanced else str(code)[0] if code else _CLASS_OF.get(action, "5")
    if not code or str(code)[0] != kind:
        code = UNSAID[kind]
    text = words[_leading(words) :] or words
    return Reply(code, enhanced, _UNPRINTABLE.sub("?", text), remote_mta)


def _chosen(said: list[str], claimed: str, code: int) -> str:
    """Whose enhanced code to believe."""
    telling = [one for one in said if not _TELLS_NOTHING.fullmatch(one)]
    if len(telling) > 1 and _GIVEN_UP.fullmatch(telling[0]):  # why it was given up says more than that it was
        telling = telling[1:]
    if telling:
        return telling[0]
    if said and (not claimed or _TELLS_NOTHING.fullmatch(claimed)):
        return said[0]
    if code and claimed[:1] != str(code)[0] and (claimed[:1] != "4" or _GIVEN_UP.fullmatch(claimed)):
        return said[0] if said else claimed if _specific(claimed) else ""
    return claimed


def _specific(status: str) -> bool:
    return bool(status) and not _TELLS_NOTHING.fullmatch(status) and not _GIVEN_UP.fullmatch(status)


def _codes(words: str, *, arrived: bool) -> tuple[int, list[str]]:
    """The first SMTP code, and every enhanced code; those that stand together come first. 2xx only of what arrived."""
    classes = "2" if arrived else "45"
    enhanced = [one for one in dict.fromkeys(_ENHANCED.findall(words)) if one[0] in classes]
    for pair in _PAIR.finditer(words):
        if pair[2][0] in classes:
            return int(pair[1]), list(dict.fromkeys([pair[2], *enhanced]))
    code = next((one[1] for one in _CODE.finditer(words) if one[1][0] in classes), "0")
    return int(code), enhanced


def _leading(words: str) -> int:
    match = _LEADING.match(words)
    return match.end() if match else 0
