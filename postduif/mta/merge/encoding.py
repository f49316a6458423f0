"""How text becomes octets, for each place that has templates: HTML, plain text, a header field."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import NamedTuple

from postduif.mta.merge import quoted, value


class Encoding(NamedTuple):
    """The pieces of one place; joined in any order they are legal there."""

    fixed: Callable[[str], bytes]
    """Text of the template. Raises UnicodeEncodeError, as the others do."""
    values: Callable[[Sequence[object]], list[bytes]]
    """Values of a recipient, all that stand in one stretch of text. Raises MergeError."""
    after: bytes
    """What stands behind each value."""
    lines: Callable[[str], bytes] | None
    """A value that keeps its lines, as a whole piece. None: there is one line only."""


def _html_values(values: Sequence[object]) -> list[bytes]:
    return quoted.values(html.escape(value.joined(values)))


def _text_values(values: Sequence[object]) -> list[bytes]:
    return quoted.values(value.joined(values))


def _plain_values(values: Sequence[object]) -> list[bytes]:
    return value.joined(values).encode().split(b"\n")


def _html_lines(text: str) -> bytes:
    lines = [line.rstrip() for line in text.splitlines()]
    return (quoted.SOFT + b"<br>\r\n").join(_html_values(lines)) + quoted.SOFT if lines else b""


def _text_lines(text: str) -> bytes:
    lines = [line.rstrip() for line in text.splitlines()]
    return b"\r\n".join(_text_values(lines)) + quoted.SOFT if lines else b""


HTML = Encoding(quoted.fixed, _html_values, quoted.SOFT, _html_lines)
TEXT = Encoding(quoted.fixed, _text_values, quoted.SOFT, _text_lines)
HEADER = Encoding(str.encode, _plain_values, b"", None)
"""UTF-8 as it is: what a field may hold is decided where it is whole (`fields`)."""
