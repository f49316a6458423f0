"""A condition about people, as a tree of values. Immutable; `reading` makes it, `sql` and `words` walk over it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is known of a person, or a part of a date: year, month or day of it."""

    name: str
    part: str = ""
    at: int = 0
    """Where in the text it stands, from 0."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Today, moved by days (and weeks), months and years; or a part of that day."""

    days: int = 0
    months: int = 0
    part: str = ""


Value = str | int | float | bool | datetime.date | Moment
"""What a field is held against."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a value: = != < <= > >=, contains, starts, ends."""

    field: Field
    sign: str
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """The field is one of these values."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """The word is in the list."""

    word: str
    field: Field


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing is known."""

    field: Field


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that is true of a person or not."""

    field: Field


@dataclass(frozen=True, slots=True)
class AnyChild:
    """There is a child record for which the condition is true; None: there is one at all."""

    collection: str
    condition: Condition | None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """It is not so, or not known to be so."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these is true."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these is true."""

    conditions: tuple[Condition, ...]


Condition = Compare | Among | Has | Empty | Flag | AnyChild | Not | All | Either
