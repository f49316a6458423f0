"""One result of a check."""

from __future__ import annotations

from typing import Literal, NamedTuple

from postduif.config.lines import written
from postduif.config.load import Loaded, Wrong

Level = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """What was looked at, what was found there, and what to do ("" when it is ok)."""

    level: Level
    where: str
    """`file:line`; the file alone for what it does not mention."""
    setting: str
    text: str
    remedy: str = ""


def misread(wrong: Wrong) -> Finding:
    """The finding that says what is wrong with the file."""
    return _error(wrong.where, wrong.setting, wrong.text)


def _error(where: str, setting: str, text: str) -> Finding:
    problem, _, remedy = text.rpartition("; ")
    return Finding("error", where, setting, problem, remedy) if problem else Finding("error", where, setting, text)


class About:
    """Makes findings about one setting of a file."""

    def __init__(self, loaded: Loaded, *setting: str | int) -> None:
        self._where = loaded.near(*setting)
        self._setting = written(setting)

    def ok(self, text: str) -> Finding:
        """It is as it must be."""
        return Finding("ok", self._where, self._setting, text)

    def warning(self, text: str, remedy: str) -> Finding:
        """It works, but somebody should look at it."""
        return Finding("warning", self._where, self._setting, text, remedy)

    def error(self, text: str, remedy: str) -> Finding:
        """It does not work."""
        return Finding("error", self._where, self._setting, text, remedy)

    def wrong(self, message: str) -> Finding:
        """An error whose text is `problem; remedy`, as in a ConfigError."""
        return _error(self._where, self._setting, message)
