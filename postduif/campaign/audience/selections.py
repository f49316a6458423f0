"""Selections: people chosen one by one (static), by a condition (dynamic), and lists of addresses that only exclude.

A dynamic selection is its condition; who is in it is asked anew each time. A condition is judged when it is saved.
"""

# ruff: noqa: S608  statements are made of constants and checked names; values are parameters

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from postduif.bounce.subject import read as subject_of
from postduif.bounce.subject import shown
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.renaming import renamed
from postduif.campaign.audience.condition.sql import Compiled, Compiler
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.vocabulary import nearest, vocabulary
from postduif.errors import PostduifError

CHUNK = 5000
_COLUMNS = "id, name, kind, condition, note, created, changed"


class SelectionKind(StrEnum):
    """How a selection says who is in it."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    ADDRESSES = "addresses"


class Selection(NamedTuple):
    """One selection, without who is in it. Times in seconds since the epoch."""

    id: int
    name: str
    kind: SelectionKind
    condition: str
    note: str
    created: float
    changed: float


class SelectionFault(PostduifError):  # noqa: N818  the name says what is the case
    """A selection that is not there or cannot be so; the text names the remedy."""


class NoSuchSelection(SelectionFault):
    """None has that id."""


def listed(connection: sqlite3.Connection) -> list[Selection]:
    """All, by name."""
    return [_selection(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM selection ORDER BY name")]


def named(connection: sqlite3.Connection, name: str) -> Selection:
    """The selection of that name. Raises SelectionFault."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM selection WHERE name = ?", (name,)).fetchone()
    if not row:
        names = tuple(one.name for one in listed(connection))
        raise SelectionFault(f"there is no selection {name!r}{nearest(name, names)}")
    return _selection(row)


def numbered(connection: sqlite3.Connection, number: int) -> Selection:
    """The selection of that id. Raises NoSuchSelection."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM selection WHERE id = ?", (number,)).fetchone()
    if not row:
        raise NoSuchSelection(f"there is no selection {number} any more; the list shows those that there are")
    return _selection(row)


def create(
    connection: sqlite3.Connection, name: str, kind: SelectionKind, now: float, condition: str = "", note: str = ""
) -> Selection:
    """A new one. Inside a transaction. Raises SelectionFault, and ConditionFault for the condition."""
    name = _free(connection, name)
    if (kind is SelectionKind.DYNAMIC) != bool(condition.strip()):
        raise SelectionFault("a dynamic selection has a condition, and no other has one")
    connection.execute(
        "INSERT INTO selection (name, kind, condition, note, created, changed) VALUES (?, ?, ?, ?, ?, ?)",
        (name, kind.value, condition, note, now, now),
    )
    made = named(connection, name)
    _judge(connection, made, now)
    return made


def static(connection: sqlite3.Connection, name: str, now: float, note: str = "") -> Selection:
    """The static selection of that name, made if it is absent. Inside a transaction. Raises SelectionFault."""
    row = connection.execute("SELECT name FROM selection WHERE name = ?", (" ".join(name.split()),)).fetchone()
    selection = named(connection, *row) if row else create(connection, name, SelectionKind.STATIC, now, note=note)
    _must_be(selection, SelectionKind.STATIC)
    return selection


def change_condition(connection: sqlite3.Connection, selection: Selection, condition: str, now: float) -> None:
    """Another condition. Inside a transaction. Raises SelectionFault and ConditionFault."""
    if selection.kind is not SelectionKind.DYNAMIC or not condition.strip():
        raise SelectionFault(f"{selection.name!r} is {selection.kind.value}; only a dynamic selection has a condition")
    connection.execute("UPDATE selection SET condition = ?, changed = ? WHERE id = ?", (condition, now, selection.id))
    _judge(connection, named(connection, selection.name), now)


def describe(connection: sqlite3.Connection, selection: Selection, name: str, note: str, now: float) -> Selection:
    """Another name and note. Whoever speaks of it by name does so still: `campaign.renaming`.

    Inside a transaction. Raises SelectionFault.
    """
    name = _free(connection, name, selection.id)
    query = "UPDATE selection SET name = ?, note = ?, changed = ? WHERE id = ?"
    connection.execute(query, (name, note.strip(), now, selection.id))
    return numbered(connection, selection.id)


def rename_in_conditions(connection: sqlite3.Connection, field: str, old: str, new: str, now: float) -> None:
    """In all dynamic ones; `field`: selections or projects. Inside a transaction. Raises ConditionFault."""
    for one in listed(connection):
        if (other := renamed(one.condition, field, old, new)) != one.condition:
            query = "UPDATE selection SET condition = ?, changed = ? WHERE id = ?"
            connection.execute(query, (other, now, one.id))


def delete(connection: sqlite3.Connection, selection: Selection, now: float) -> None:
    """Away with it; the people stay. Inside a transaction. Raises SelectionFault when another one speaks of it."""
    connection.execute("DELETE FROM selection WHERE id = ?", (selection.id,))
    for other in listed(connection):
        try:
            _judge(connection, other, now)
        except ConditionFault as fault:
            raise SelectionFault(
                f"the selection {other.name!r} needs {selection.name!r} ({fault}); change it first"
            ) from None


def add_members(connection: sqlite3.Connection, selection: Selection, contacts: Iterable[int], now: float) -> int:
    """Put people into a static selection; who is in it stays so. Returns how many are new. Inside a transaction."""
    _must_be(selection, SelectionKind.STATIC)
    count = 0
    for chunk in _chunks(contacts):
        count += connection.execute(
            "INSERT OR IGNORE INTO selection_member (selection, contact) SELECT ?, id FROM contact "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (selection.id, json.dumps(chunk)),
        ).rowcount
    connection.execute("UPDATE selection SET changed = ? WHERE id = ?", (now, selection.id))
    return count


def remove_members(connection: sqlite3.Connection, selection: Selection, contacts: Iterable[int], now: float) -> int:
    """Take people out of a static selection. Returns how many were in it. Inside a transaction."""
    _must_be(selection, SelectionKind.STATIC)
    count = 0
    for chunk in _chunks(contacts):
        count += connection.execute(
            "DELETE FROM selection_member WHERE selection = ? AND contact IN (SELECT value FROM json_each(?))",
            (selection.id, json.dumps(chunk)),
        ).rowcount
    connection.execute("UPDATE selection SET changed = ? WHERE id = ?", (now, selection.id))
    return count


def add_addresses(connection: sqlite3.Connection, selection: Selection, subjects: Iterable[str], now: float) -> int:
    """Put addresses on a list of addresses. Returns how many are new. Inside a transaction."""
    _must_be(selection, SelectionKind.ADDRESSES)
    before = connection.total_changes
    rows = ((selection.id, subject) for subject in subjects)
    connection.executemany("INSERT OR IGNORE INTO selection_address (selection, subject) VALUES (?, ?)", rows)
    count = connection.total_changes - before
    connection.execute("UPDATE selection SET changed = ? WHERE id = ?", (now, selection.id))
    return count


def remove_addresses(connection: sqlite3.Connection, selection: Selection, subjects: Iterable[str], now: float) -> int:
    """Take addresses from a list of addresses. Returns how many were on it. Inside a transaction."""
    _must_be(selection, SelectionKind.ADDRESSES)
    before = connection.total_changes
    rows = ((selection.id, subject) for subject in subjects)
    connection.executemany("DELETE FROM selection_address WHERE selection = ? AND subject = ?", rows)
    count = connection.total_changes - before
    connection.execute("UPDATE selection SET changed = ? WHERE id = ?", (now, selection.id))
    return count


def addresses(connection: sqlite3.Connection, selection: Selection, limit: int, behind: str = "") -> list[str]:
    """What is on a list of addresses, in order, at most `limit`, from behind the address `behind`.

    Raises AddressError.
    """
    query = "SELECT subject FROM selection_address WHERE selection = ? AND subject > ? ORDER BY subject LIMIT ?"
    values = (selection.id, subject_of(behind) if behind else "", limit)
    return [shown(subject) for (subject,) in connection.execute(query, values).fetchall()]


def address_count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many are on a list of addresses."""
    query = "SELECT count(*) FROM selection_address WHERE selection = ?"
    return int(connection.execute(query, (selection.id,)).fetchone()[0])


def brief(connection: sqlite3.Connection, contacts: Sequence[int]) -> list[dict[str, Any]]:
    """Id, address and name of these people."""
    query = "SELECT id, email, name FROM contact WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    rows = connection.execute(query, (json.dumps(contacts),)).fetchall()
    return [{"id": id_, "email": email, "name": name} for id_, email, name in rows]


def compiled(connection: sqlite3.Connection, selection: Selection, now: float) -> Compiled:
    """SQL for who is in it, over the row `contact`. Raises ConditionFault."""
    return Compiler(vocabulary(connection), day(now)).selection(selection.name)


def compiled_condition(connection: sqlite3.Connection, condition: str, now: float) -> Compiled:
    """SQL for a condition that is not saved, over the row `contact`. Raises ConditionFault."""
    return Compiler(vocabulary(connection), day(now)).compile(read(condition))


def day(now: float) -> datetime.date:
    """The day in UTC of a moment in seconds since the epoch."""
    return datetime.datetime.fromtimestamp(now, datetime.UTC).date()


def _free(connection: sqlite3.Connection, name: str, mine: int = 0) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise SelectionFault("a selection has a name of 1 to 200 characters; write one")
    if connection.execute("SELECT 1 FROM selection WHERE name = ? AND id <> ?", (name, mine)).fetchone():
        raise SelectionFault(f"there is a selection {name!r} already; choose another name, or change that one")
    return name


def _judge(connection: sqlite3.Connection, selection: Selection, now: float) -> None:
    """Raises ConditionFault when it cannot be asked who is in it."""
    if selection.kind is SelectionKind.DYNAMIC:
        read(selection.condition)
        compiled(connection, selection, now)


def _must_be(selection: Selection, kind: SelectionKind) -> None:
    if selection.kind is not kind:
        raise SelectionFault(f"{selection.name!r} is {selection.kind.value}, not {kind.value}; make another for these")


def _chunks(numbers: Iterable[int]) -> Iterator[Sequence[int]]:
    left = iter(numbers)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _selection(row: tuple[int, str, str, str, str, float, float]) -> Selection:
    id_, name, kind, condition, note, created, changed = row
    return Selection(id_, name, SelectionKind(kind), condition, note, created, changed)
