"""What a stream of events is: read by numbers that rise, from the file where they stand anyway."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from postduif.campaign.database import Schema, opened, path_of
from postduif.campaign.tracking import whose
from postduif.errors import StoreError

_LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"


class Event(NamedTuple):
    """One thing that happened."""

    number: int
    """In its stream."""
    at: float
    """Seconds since the epoch."""
    kind: str
    more: dict[str, Any]
    """What is told of it, beside id, type and time."""


class Part(NamedTuple):
    """What came after an event."""

    lines: Sequence[Event]
    seen: int
    more: bool
    lost: int = 0


Read = Callable[[Path, int, Sequence[str], int, float], Part]


class Stream(NamedTuple):
    """One kind of events."""

    name: str
    kinds: Collection[str]
    """As `events` of a webhook has them."""
    behind: Callable[[Path, float | None], int]
    """The number behind which all that happened from then on is (seconds since the epoch); None: the highest there ever
    was. Raises StoreError."""
    read: Read
    """Those behind a number, of these kinds, so many at most, at this moment. Raises StoreError."""


def behind(data_dir: Path, since: float | None, *, schema: Schema, table: str, first: str = "") -> int:
    """As `Stream.behind`, of a table of that file; 0 while there is none. `first`: another query than the usual."""
    if not path_of(data_dir, schema).exists():
        return 0
    with opened(data_dir, schema) as connection:
        return behind_in(connection, since, table, first)


def behind_in(connection: sqlite3.Connection, since: float | None, table: str, first: str = "") -> int:
    """The same, of an open file."""
    if since is not None:
        query = first or f"SELECT id FROM {table} WHERE at >= ? ORDER BY id LIMIT 1"  # noqa: S608  constants
        if row := connection.execute(query, (since,)).fetchone():
            return int(row[0]) - 1
    return int(connection.execute(_LAST, (table,)).fetchone()[0])


def readers(data_dir: Path, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], dict[str, Any]]:
    """Who they are, by mailing and number in it, as it is told; "" and 0 of who is not known any more."""
    asked = set(wanted)
    found: dict[tuple[int, int], dict[str, Any]] = {
        (mailing, number): {"recipient": "", "contact": 0, "mailing": mailing, "number": number}
        for mailing, number in asked
    }
    for mailing in {mailing for mailing, _ in asked}:
        numbers = {number for whose_mailing, number in asked if whose_mailing == mailing}
        try:
            known = whose.people(data_dir, mailing, numbers)
        except StoreError:  # its file is gone: what is known is told
            continue
        for number, one in known.items():
            found[mailing, number] |= {"recipient": one.address, "contact": one.contact}
    return found
