"""Characters in header texts that mail programs and filters take badly, and how templates are told from texts."""

from __future__ import annotations

import re
import unicodedata

from postduif.campaign.content.expressions import replaced, spans

_BAD = {
    "Cc": "a control character",
    "Cs": "half a character",
    "Co": "a private character",
    "Cn": "an unknown character",
}
_TURNS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNSEEN = "\u00ad\u180e\u200b\u2060\ufeff"
_PICTURE = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\U0001f1e6-\U0001f1ff]")
_TEMPLATE = re.compile(r"\{\{|\{%|\[\[")


def troublesome(text: str) -> str:
    """The first such character in plain words, "" when there is none."""
    for character in text:
        kind = _BAD.get(unicodedata.category(character), "")
        if character in _TURNS:
            kind = "a character that turns the direction of the text"
        elif character in _UNSEEN:
            kind = "a character that nobody sees"
        if kind:
            return f"{kind} (U+{ord(character):04X})"
    return ""


def has_picture(text: str) -> bool:
    """There is an emoji or another little picture in it."""
    return bool(_PICTURE.search(text))


def is_template(text: str) -> bool:
    """It holds variables, so that it is different for each recipient."""
    return bool(_TEMPLATE.search(text))


def without_expressions(text: str) -> str:
    """What is the same for each recipient."""
    return replaced(text, spans(text), lambda _: "")


def listed(words: list[str], most: int = 3) -> str:
    """Some of them, and how many more."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def counted(number: int, one: str, many: str) -> str:
    """1 recipient, 2,000 recipients."""
    return f"{number:,} {one if number == 1 else many}"
