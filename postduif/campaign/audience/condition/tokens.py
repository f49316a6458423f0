"""The words of a condition. What is not one is an error that says where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from postduif.errors import PostduifError

MAX_LENGTH = 20_000
"""Characters of a condition."""


class ConditionFault(PostduifError):  # noqa: N818  the name says what is the case
    """A condition that cannot be read, or speaks of what is not there. `at`: where in the text, from 0."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.at = at

    def located(self, condition: str) -> str:
        """What is wrong, with the place in the condition."""
        near = condition[self.at : self.at + 20].split("\n")[0]
        return f"{self} (at character {self.at + 1}, near {near!r})" if near else f"{self} (at the end)"


_UNWRITABLE = re.compile(r"[\ud800-\udfff]")


class Token(NamedTuple):
    """One word. `kind`: word, text, number, date, sign or end."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?!\w))
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?!\w))
  | (?P<span>[0-9]+[dwmy]\b)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019)
  | (?P<word>[^\W\d]\w*)
  | (?P<sign><=|>=|!=|<>|==|[=<>(),+-])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """The words in turn, and an end. Raises ConditionFault."""
    if len(text) > MAX_LENGTH:
        raise ConditionFault(f"the condition is longer than {MAX_LENGTH:,} characters; put parts into selections", 0)
    if not text.isprintable() and (match := _UNWRITABLE.search(text)):
        raise ConditionFault("here is half a character; write the condition in UTF-8", match.start())
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ConditionFault(_problem(text[at:]), at)
        kind = str(match.lastgroup)
        if kind != "space":
            yield Token(kind, _plain(kind, match[0]), at)
        at = match.end()
    yield Token("end", "", at)


def _plain(kind: str, text: str) -> str:
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return {"<>": "!=", "==": "="}.get(text, text)


def _problem(rest: str) -> str:
    if rest[0] in "\"'\u201c\u2018":
        return "a text begins here and does not end; close the quotes"
    if rest[0].isdigit():
        word = rest.split()[0][:20]
        return f"{word!r} is neither a number nor a date; write 12.5 or 2026-01-31, or put a text in quotes"
    return f"{rest[0]!r} means nothing here; put a text in quotes"
