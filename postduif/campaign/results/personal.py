"""What each mailing did with one person, the latest mailing first: written to or not, how it ended, what they did.

Each mailing has a file of its own, and none knows people by their number: a page looks into a bounded number of files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.database import path_of
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.listing import Entry, Filter, listed
from postduif.campaign.results.opening import at_one_moment, opened
from postduif.campaign.results.states import DECIDING
from postduif.campaign.tracking.connection import SCHEMA as TRACKING
from postduif.campaign.tracking.figures import visits_of
from postduif.campaign.tracking.visit import Visit
from postduif.errors import StoreError
from postduif.queue.rows import MAX_RECIPIENTS

LOOKED = 50
"""Mailings that one page looks into."""


class Step(NamedTuple):
    """Something that the queue file says of them. `at` in seconds since the epoch."""

    at: float
    kind: str
    """Of `attempt.Kind`."""
    words: str
    """The reply, in one line."""


class Did(NamedTuple):
    """What a mailing did with them. Once for each mail, of which a person may get several: one a child record."""

    mailing: Entry
    number: int
    """Of the recipient; -1: excluded."""
    address: str
    state: str
    """A `State`, "excluded", or "prepared" while nothing was sent."""
    cause: str
    """Why they were excluded."""
    steps: tuple[Step, ...]
    visits: tuple[Visit, ...]
    """Opens and clicks, when the mailing is tracked; those of machines say so."""


class Page(NamedTuple):
    """A part of it."""

    done: tuple[Did, ...]
    next: int
    """The number of the mailing behind which the next page begins; 0: there is none."""


def of_person(data_dir: Path, contact: int, before: int = 0) -> Page:
    """A page, of mailings with numbers below `before` (0: from the latest). Raises StoreError."""
    if not path_of(data_dir, SCHEMA).exists():
        return Page((), 0)
    with mailings(data_dir) as connection:
        entries = listed(connection, Filter(before=before or None, limit=LOOKED))
    done = [one for entry in entries for one in _of_mailing(data_dir, entry, contact)]
    return Page(tuple(done), entries[-1].number if len(entries) == LOOKED else 0)


def _of_mailing(data_dir: Path, entry: Entry, contact: int) -> Iterator[Did]:
    try:
        with opened(data_dir, entry.number) as connection, at_one_moment(connection):
            rows = connection.execute("SELECT number FROM person WHERE contact = ? AND NOT seed", (contact,)).fetchall()
            found = [_written_to(connection, entry, number) for (number,) in rows]
            query = "SELECT address, cause FROM excluded WHERE contact = ?"
            excluded = connection.execute(query, (contact,)).fetchall()
    except StoreError:  # never prepared, or its file is gone
        return
    tracked = path_of(data_dir, TRACKING).exists()
    for one in found:
        yield one._replace(visits=visits_of(data_dir, entry.number, one.number)) if tracked else one
    for address, cause in excluded:
        yield Did(entry, -1, address, "excluded", cause, (), ())


def _written_to(connection: sqlite3.Connection, entry: Entry, number: int) -> Did:
    waits = connection.execute(_WAITS, (number,)).fetchone()
    rows = connection.execute(_STEPS, (number,)).fetchall()
    steps = tuple(Step(at, kind, _line(code, enhanced, text)) for at, kind, _, code, enhanced, text in rows)
    ends = [DECIDING[one.kind] for one in steps if one.kind in DECIDING]
    address = waits[0] if waits else rows[-1][2] if rows else ""
    ended = ends[-1].value if ends else "unknown"
    before = "prepared" if entry.started is None else "pending"
    return Did(entry, number, address, before if waits else ended, "", steps, ())


def _line(code: int, enhanced: str, text: str) -> str:
    return " ".join([*(str(part) for part in (code, enhanced) if part), *text.split()])


_WAITS = f"SELECT address FROM recipient WHERE id = (SELECT min(id) & ~{MAX_RECIPIENTS} FROM recipient) + ?"  # noqa: S608  a constant
_STEPS = "SELECT at, kind, recipient, code, enhanced, text FROM journal WHERE number = ? ORDER BY id"
