"""From what a host said to what it means: Reply -> Class. Replies in SMTP and texts of late bounces alike.

The rules are data (`rules/*.toml`); the first that fits says it. A text is looked at for MAX_TEXT characters, in time
linear in them. What the same kind of reply said before is remembered with everything variable left out.
What follows from a class (retry, suppress, slow down) is for others to decide.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from postduif.bounce.category import severity
from postduif.bounce.matching import Index
from postduif.bounce.phrase import words
from postduif.bounce.rule import shipped
from postduif.reply import Reply

MAX_TEXT = 2000
"""Characters of a text that are looked at."""
REMEMBERED = 8192
"""Kinds of replies whose class is kept."""

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\d|\.\d)")
_CODE = re.compile(r"(?<![\d.])[245]\d\d(?=[ \t#-]|$)")
_VAGUE = re.compile(r"[245]\.0\.0")
MAX_STATUSES = 4


class Class(NamedTuple):
    """What a reply means, what it weighs against the address, and the name of the rule that said so ("": none)."""

    category: str
    severity: str
    rule: str


def classify(reply: Reply, provider: str = "") -> Class:
    """The class of a reply or of a diagnostic (code 0 when it has none; one in the text is then taken).

    `provider`: who said it, when the caller knows: a name of `rules/providers.toml`, or a host or domain name.
    Never fails, whatever the text.
    """
    text = reply.text[:MAX_TEXT]
    statuses = _said_statuses(text) or ((reply.enhanced,) if reply.enhanced else ())
    code = reply.code or _said_code(text) or (int(statuses[0][0]) * 100 if statuses else 0)
    index = _index()
    return _class_of(index.known(words(text)), code, statuses, index.provider(provider or reply.remote_mta))


@cache
def _index() -> Index:
    return Index(shipped())


@lru_cache(REMEMBERED)
def _class_of(text: str, code: int, statuses: tuple[str, ...], provider: str) -> Class:
    rule = _index().find(text, code, statuses, provider)
    if rule is not None:
        return Class(rule.category, severity(rule.category, code), rule.name)
    if 200 <= code < 300:
        return Class("delivered", "none", "")
    return Class("unknown", "soft", "")


def _said_statuses(text: str) -> tuple[str, ...]:
    """Enhanced codes in the text that say something, in their order. They are more exact than a report's Status."""
    found = dict.fromkeys(_STATUS.findall(text)[:MAX_STATUSES])
    return tuple(status for status in found if not _VAGUE.fullmatch(status))


def _said_code(text: str) -> int:
    match = _CODE.search(text)
    return int(match[0]) if match else 0
