"""The configuration file, read once: TOML text into a `Config`, or one ConfigError that lists everything wrong with it.

Each line of that error reads `file:line: setting: problem; remedy`. Nothing is half read: reloading is calling `load`
again and keeping the old value when it raises. Files and hosts that settings name are looked at by others.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from postduif.config.checking import faults, serving_faults
from postduif.config.lines import KeyPath, find_lines, line_of, written
from postduif.config.schema import Config
from postduif.config.units import format_size
from postduif.config.words import Fault, translate
from postduif.errors import ConfigError

DEFAULT_PATH = Path("/etc/postduif/postduif.toml")
MAX_OCTETS = 4 * 1024 * 1024

_DIRECTORIES = ("data_dir", "run_dir")
_QUOTES = 'put text, sizes and times in quotes, as "5m"'
_SYNTAX = (  # how tomllib's message begins, what it means, what to do
    ("Invalid statement", "neither a setting nor a section", "write it as name = value, or as [section]"),
    ("Expected newline or end of document", "something follows the value", _QUOTES),
    ("Invalid value", "not a value", _QUOTES),
    ("Expected '='", "no = after the name", "write it as name = value"),
    ("Cannot overwrite", "this setting stands twice", "remove one of the two"),
    ("Cannot declare", "this section stands twice", "join the two"),
    ("Cannot mutate", "this section stands twice", "join the two"),
    ("Unclosed", "a bracket is not closed, or a comma is missing before this", "close it"),
    ("Expected ']", "a bracket is not closed", "write sections as [name] or [[name]]"),
    ('Expected "\'"', "a text is not closed", "end it with the quotes it began with"),
    ("Expected '\"'", "a text is not closed", "end it with the quotes it began with"),
    ("Unterminated", "a text is not closed", "end it with the quotes it began with"),
    ("Illegal character '\\n'", "a text is not closed", "end it with the quotes it began with"),
    ("Unescaped '\\'", "a backslash in text", "write it twice, or put the text in single quotes"),
)


class Wrong(NamedTuple):
    """One thing wrong with a file: `file:line`, the setting ("" for the file itself), and `problem; remedy`."""

    where: str
    setting: str
    text: str

    def __str__(self) -> str:
        """As a line of a ConfigError."""
        return ": ".join(part for part in self if part)


class _Unreadable(Exception):  # noqa: N818  it carries the reason to `examine`, no further
    def __init__(self, where: str, text: str) -> None:
        super().__init__(text)
        self.wrong = Wrong(where, "", text)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and where each of them was written."""

    config: Config
    path: Path
    lines: Mapping[KeyPath, int] = field(repr=False)
    whole: bool = True
    """False: the file has a mistake, and nothing of it is known but where the daemon is."""

    def source(self, *setting: str | int) -> str:
        """`file:line` of `source("listener", 0, "address")`; "default" if the file does not say it."""
        line = self.lines.get(setting)
        if not self.whole:
            return "unknown, the file has a mistake"
        return "default" if line is None else f"{self.path}:{line}"

    def near(self, *setting: str | int) -> str:
        """`file:line` of a setting, or of the section it is missing from; the file alone if that is missing too."""
        return _place(self.path, self.lines, setting)


def load(path: Path, *, serving: bool = False) -> Config:
    """The settings in a file. `serving` asks too for what only the daemon needs. Raises ConfigError."""
    return read(path, serving=serving).config


def read(path: Path, *, serving: bool = False) -> Loaded:
    """The settings in a file and where they stand in it. Raises ConfigError."""
    loaded, wrong = examine(path, serving=serving)
    if wrong or not loaded:
        raise ConfigError("\n".join(map(str, wrong)))
    return loaded


def whereabouts(path: Path) -> Loaded | None:
    """The server's directories in a file with a mistake, all else at its default; None when they cannot be read.

    With them the daemon can still be asked, which runs on the settings that it had before the mistake.
    """
    try:
        text = _text(path)
    except _Unreadable:
        return None
    try:
        server = tomllib.loads(text).get("server", {})
    except (ValueError, RecursionError):  # the mistake is in the TOML
        server = dict(_assigned(text))
    if not isinstance(server, dict):
        return None
    found = {name: server[name] for name in _DIRECTORIES if name in server}
    try:
        return Loaded(Config.model_validate({"server": found}), path, {}, whole=False)
    except ValidationError:
        return None


def examine(path: Path, *, serving: bool = False) -> tuple[Loaded | None, list[Wrong]]:
    """What can be read of a file, and everything wrong with it; None when no setting can be relied on."""
    try:
        text = _text(path)
        raw = _parse(path, text)
        lines = find_lines(text)
    except _Unreadable as error:
        return None, [error.wrong]
    except RecursionError:
        return None, [Wrong(str(path), "", "brackets are nested too deep; no setting needs more than two")]
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        return None, _placed(path, lines, translate(error.errors()))
    wrong = faults(config) + (serving_faults(config) if serving else [])
    return Loaded(config, path, lines), _placed(path, lines, wrong)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise _Unreadable(str(path), "no such file; create it, or name another with --config") from None
    except PermissionError:
        raise _Unreadable(
            str(path), f"may not be read by uid {os.geteuid()}; run this as root or as the service's user"
        ) from None
    except OSError as error:
        raise _Unreadable(str(path), f"cannot be read ({error.strerror}); name another with --config") from None
    if len(octets) > MAX_OCTETS:
        raise _Unreadable(str(path), f"longer than {format_size(MAX_OCTETS)}; name another with --config")
    try:
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _Unreadable(f"{path}:{line}", "not UTF-8; save the file in that encoding") from None


def _assigned(text: str) -> Iterator[tuple[str, Any]]:
    """The lines of [server] that can be read by themselves and name a directory."""
    section = ""
    for line in text.splitlines():
        if match := re.match(r"\s*\[\s*([^\[\]]*?)\s*\]", line):
            section = match[1]
        elif section == "server" and line.split("=")[0].strip() in _DIRECTORIES:
            with contextlib.suppress(ValueError):
                yield from tomllib.loads(line).items()


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(path, text, str(error)) from None
    except ValueError:  # int() of more digits than it takes
        raise _Unreadable(str(path), "a number of thousands of digits; write a smaller one") from None


def _syntax(path: Path, text: str, message: str) -> _Unreadable:
    words, _, where = message.rpartition(" (at ")
    position = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    line, column = (int(position[1]), f" at column {position[2]}") if position else (text.rstrip().count("\n") + 1, "")
    for start, problem, remedy in _SYNTAX:
        if words.startswith(start):
            return _Unreadable(f"{path}:{line}", f"{problem}{column}; {remedy}")
    return _Unreadable(f"{path}:{line}", f"not TOML{column} ({words[:1].lower()}{words[1:]}); correct it")


def _placed(path: Path, lines: Mapping[KeyPath, int], wrong: Sequence[Fault]) -> list[Wrong]:
    """Faults in the order of the file."""
    ordered = sorted(wrong, key=lambda fault: line_of(lines, fault.path) or 0)
    return [Wrong(_place(path, lines, fault.path), written(fault.path), fault.text) for fault in ordered]


def _place(path: Path, lines: Mapping[KeyPath, int], setting: KeyPath) -> str:
    line = line_of(lines, setting)
    return f"{path}:{line}" if line else str(path)
