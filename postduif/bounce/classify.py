"""From what a host said to what it means: Reply -> Class. Replies in SMTP and texts of late bounces alike.

The rules are data (`rules/*.toml`); the first that fits says it. A text is looked at for MAX_TEXT characters, in time
linear in them. What a reply of the same words meant before is remembered, with everything variable left out.
What follows from a class (retry, suppress, slow down) is for others to decide.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from postduif.bounce.category import severity
from postduif.bounce.matching import Index
from postduif.bounce.rule import shipped
from postduif.bounce.said import Said
from postduif.reply import Reply

REMEMBERED = 8192
"""Kinds of replies whose class is kept: a few MB at most."""


class Class(NamedTuple):
    """What a reply means, what it weighs against the address, and the name of the rule that said so ("": none)."""

    category: str
    severity: str
    rule: str


def classify(reply: Reply, provider: str = "") -> Class:
    """The class of a reply or of a diagnostic (code 0 when it has none; one in the text is then taken).

    `provider`: who said it, when the caller knows: a name of `rules/providers.toml`, or a host or domain name.
    Never fails, whatever the text. The first call reads the rules, some 0.2 s: make it before the event loop runs.
    """
    said = Said.of(reply)
    who = provider_of(provider) or provider_of(reply.remote_mta)
    return _class_of(_index().known(said.words), said.code, said.statuses, who)


@cache
def _index() -> Index:
    return Index(shipped())


@lru_cache(REMEMBERED)
def provider_of(name: str) -> str:
    """The provider that a host, a domain or a provider's own name stands for; "" when it is none we know."""
    return _index().provider(name)


@lru_cache(REMEMBERED)
def _class_of(text: str, code: int, statuses: tuple[str, ...], provider: str) -> Class:
    rule = _index().find(text, code, statuses, provider)
    if rule is not None:
        return Class(rule.category, severity(rule.category, code), rule.name)
    if 200 <= code < 300:
        return Class("delivered", "none", "")
    return Class("unknown", "soft", "")
