"""On which line of a TOML text each setting stands, because `tomllib` does not say.

`find_lines` reads only as much TOML as that takes, and trusts that `tomllib` has accepted the text: it judges nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""`("listener", 0, "address")`: names of tables and settings, numbers of elements."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r"""
      "{3} (?: [^\\] | \\. )*? "{3,5} (?!")
    | '{3} .*? '{3,5} (?!')
    | " (?: [^"\\\n] | \\. )* "
    | ' [^'\n]* '
    """,
    re.DOTALL | re.VERBOSE,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr"\\]))')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def written(path: KeyPath) -> str:
    """A key path as people write it: `listener[0].address`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if _BARE.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{key}" if text else key
    return text


def find_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of each table, setting and element; of a table that is extended later, its first."""
    return _Scanner(text).document()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a setting, or of what it is missing from; None when neither is in the file."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


class _Scanner:
    """Walks over the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = (0, 1)  # an offset and its line
        self._lines: dict[KeyPath, int] = {}
        self._elements: dict[KeyPath, int] = {}  # how many [[tables]] there are so far

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._setting(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        line, repeated = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        path: KeyPath = ()
        for key in self._keys():
            path = self._last(path)
            path += (key,)
            self._lines.setdefault(path, line)
        self._at += 2 if repeated else 1
        if not repeated:
            return self._last(path)
        self._elements[path] = self._elements.get(path, 0) + 1
        path = self._last(path)
        self._lines[path] = line
        return path

    def _last(self, path: KeyPath) -> KeyPath:
        return (*path, self._elements[path] - 1) if path in self._elements else path

    def _setting(self, table: KeyPath) -> None:
        line, path = self._line(), table
        for key in self._keys():
            path += (key,)
            self._lines.setdefault(path, line)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if match := _STRING.match(self._text, self._at):
                keys.append(_unescape(match[0][1:-1]) if match[0][0] == '"' else match[0][1:-1])
            else:
                match = _BARE.match(self._text, self._at)
                assert match, "tomllib accepted the text"
                keys.append(match[0])
            self._at = match.end()
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        match self._text[self._at]:
            case "[":
                self._sequence(path, "]")
            case "{":
                self._sequence(path, "}")
            case _:
                self._skip(_STRING) or self._skip(_SCALAR)

    def _sequence(self, path: KeyPath, end: str) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            if self._text.startswith(end, self._at):
                break
            if end == "}":
                self._setting(path)
            else:
                self._lines[*path, index] = self._line()
                self._value((*path, index))
                index += 1
            self._skip(_BLANK)
            self._at += self._text.startswith(",", self._at)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return bool(match)

    def _line(self) -> int:
        offset, line = self._counted
        self._counted = (self._at, line + self._text.count("\n", offset, self._at))
        return self._counted[1]


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED[match[3]] if match[3] else chr(int(match[1] or match[2], 16)), text)
