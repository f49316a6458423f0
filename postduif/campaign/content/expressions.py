"""Where the template expressions of a source stand, so that whoever reads HTML, MJML or CSS leaves them alone.

`{{ }}`, `{% %}`, `{# #}` and `[[ ]]` are found as the merge finds them; what stands within `raw` is text. Nothing is
checked: `mta.merge` does that. In a source that does not compile, what follows the first mistake counts as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

MASK = "\uf8ff"
"""Stands in masked text for each character of an expression: no blank, no letter of HTML or CSS. Private use."""

_STRING = r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'"""
_VALUE = re.compile(rf"""\{{\{{(?:[^"'}}]|{_STRING}|\}}(?!\}}))*+\}}\}}""", re.DOTALL)
_BLOCK = re.compile(rf"""\{{%[+-]?\s*+(\w*+)(?:[^"'%]|{_STRING}|%(?!\}}))*+%\}}""", re.DOTALL)
_NOTE = re.compile(r"\{#.*?#\}", re.DOTALL)
_END_RAW = re.compile(r"\{%[+-]?\s*+endraw\s*+[+-]?%\}")
_BRACKETS = re.compile(r"\[\[[ \t]*[^\W\d_]\w*(?:\.\w+)*[ \t]*(?:\|[^\[\]{}\r\n]*)?\]\]")
_START = re.compile(r"\{[{%#]|\[\[(?=[ \t]*[^\W\d_])")


class Kind(Enum):
    """What an expression does to the message."""

    VALUE = "value"
    """It shows something."""
    BLOCK = "block"
    """A condition or a loop begins, goes on or ends."""
    NOTE = "note"
    """Nothing: a comment, or the beginning or end of `raw`."""


class Span(NamedTuple):
    """One expression: `source[start:end]`."""

    kind: Kind
    start: int
    end: int
    word: str
    """Of a block: if, for, endif and so on."""


def spans(source: str) -> list[Span]:
    """All expressions, in order. Time grows with the length alone."""
    found: list[Span] = []
    at = 0
    while start := _START.search(source, at):
        opening, here = start[0], start.start()
        if opening == "[[":
            match = _BRACKETS.match(source, here)
            at = match.end() if match else here + 1
            if match:
                found.append(Span(Kind.VALUE, here, at, ""))
            continue
        match = {"{{": _VALUE, "{%": _BLOCK, "{#": _NOTE}[opening].match(source, here)
        if match is None:  # never closed; each further try would read to the end again
            return found
        at = match.end()
        word = match[1] if opening == "{%" else ""
        if word != "raw":
            found.append(Span({"{{": Kind.VALUE, "{%": Kind.BLOCK, "{#": Kind.NOTE}[opening], here, at, word))
            continue
        found.append(Span(Kind.NOTE, here, at, word))
        end = _END_RAW.search(source, at)
        if end is None:
            return found
        found.append(Span(Kind.NOTE, end.start(), end.end(), "endraw"))
        at = end.end()
    return found


def replaced(source: str, found: Sequence[Span], by: Callable[[Span], str]) -> str:
    """The source with something else for each expression."""
    pieces, at = [], 0
    for span in found:
        pieces += [source[at : span.start], by(span)]
        at = span.end
    return "".join([*pieces, source[at:]])


def masked(source: str, found: Sequence[Span]) -> str:
    """The source with MASK for every character of an expression: every place in it is the same place in the source."""
    return replaced(source, found, lambda span: MASK * (span.end - span.start))


def balanced(words: Sequence[str]) -> bool:
    """These blocks make whole conditions and loops."""
    opened: list[str] = []
    for word in words:
        if word in ("if", "for"):
            opened.append(word)
        elif word in ("endif", "endfor"):
            if not opened or opened.pop() != word[3:]:
                return False
        elif not opened:
            return False
    return not opened
