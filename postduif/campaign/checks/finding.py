"""What a rule found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple


class Level(IntEnum):
    """How bad it is. An error stops the preparation."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """As it is written and stored."""
        return self.name.lower()


NOTHING: Mapping[str, object] = MappingProxyType({})


class Remark(NamedTuple):
    """What a rule says: what is the case, and what to do. Details are for programs: JSON values by name."""

    text: str
    remedy: str
    details: Mapping[str, object] = NOTHING


class Finding(NamedTuple):
    """A remark with the rule that made it and the level that the typology gives it."""

    rule: str
    level: Level
    text: str
    remedy: str
    details: Mapping[str, object] = NOTHING
