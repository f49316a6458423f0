"""Requests of readers for a copy of what is known of them, or for its end: seen to by a person, and noted as done.

They come from the preference page, whose link may have been forwarded; so nothing is done by itself.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import key_of
from postduif.campaign.database import path_of, transaction
from postduif.campaign.tracking import whose
from postduif.campaign.tracking.connection import SCHEMA, tracking
from postduif.campaign.tracking.visit import Wanted
from postduif.errors import PostduifError, StoreError

KINDS = (Wanted.EXPORT, Wanted.ERASE)
LAWFUL = 30 * 86400.0
"""Seconds within which somebody has to hear from us (GDPR article 12: a month)."""
MOST_WAITING = 500
"""That are listed; they are seen to from the oldest."""
_COLUMNS = "id, at, kind, mailing, number, wording, origin, done_at FROM wish WHERE kind IN ('export', 'erase')"
_WAITING = "SELECT count(*), min(at) FROM wish WHERE done_at IS NULL AND kind IN ('export', 'erase')"


class NoSuchRequest(PostduifError):  # noqa: N818  the name says what is the case
    """Nobody asked that."""


class Waiting(NamedTuple):
    """What waits for a person."""

    number: int
    oldest: float | None
    """When the first of them was asked, seconds since the epoch."""


class Asked(NamedTuple):
    """One request. Times are seconds since the epoch."""

    id: int
    at: float
    kind: str
    """export or erase."""
    mailing: int
    number: int
    """The link of this recipient was used."""
    wording: str
    """What the button said."""
    origin: str
    """The network address they came from; "" once it is done."""
    done_at: float | None
    contact: int = 0
    """In the audience; 0: nobody there, or not any more."""
    email: str = ""
    """Of that contact; else that the mail went to, "" when nobody knows any more."""


def waiting(data_dir: Path) -> Waiting:
    """How many wait, for whoever raises an alarm. Raises StoreError."""
    if not path_of(data_dir, SCHEMA).exists():
        return Waiting(0, None)
    with tracking(data_dir) as connection:
        return Waiting(*connection.execute(_WAITING).fetchone())


def to_see_to(data_dir: Path) -> list[Asked]:
    """Those that wait, the oldest first. Raises StoreError."""
    return _read(data_dir, "AND done_at IS NULL ORDER BY id LIMIT ?", MOST_WAITING)


def seen_to(data_dir: Path, *, before: int = 0, limit: int = 50) -> list[Asked]:
    """Those that are done, the newest first, from below `before`. Raises StoreError."""
    return _read(data_dir, "AND done_at IS NOT NULL AND (?1 = 0 OR id < ?1) ORDER BY id DESC LIMIT ?2", before, limit)


def listed(data_dir: Path, *, done: bool, after: int = 0, limit: int = 50) -> list[Asked]:
    """Those that wait, or that are done, in the order in which they were asked, from behind `after`."""
    return _read(data_dir, "AND (done_at IS NOT NULL) = ? AND id > ? ORDER BY id LIMIT ?", done, after, limit)


def find(data_dir: Path, id_: int) -> Asked:
    """That one. Raises NoSuchRequest, StoreError."""
    found = _read(data_dir, "AND id = ?", id_)
    if not found:
        raise NoSuchRequest(f"there is no request {id_}; the list of requests shows those that there are")
    return found[0]


def of_person(data_dir: Path, contact: int | None, subjects: Collection[str]) -> list[int]:
    """Ids of those of a person that wait, by who they are or, of who is nobody, by where the mail went to.

    It opens each mailing once whose readers wait. Raises StoreError.
    """
    waiting = _rows(data_dir, "AND done_at IS NULL ORDER BY id")
    if not waiting:
        return []
    found = _persons(data_dir, waiting)
    with audience(data_dir) as people:
        return [
            one.id
            for one in waiting
            if (person := found.get((one.mailing, one.number)))
            and (
                person.contact == contact
                or (_email(people, person.contact) is None and key_of(person.address) in subjects)
            )
        ]


def done(data_dir: Path, ids: Collection[int], now: float) -> None:
    """They were seen to, and the network address goes: it was for who had to judge them. Raises StoreError."""
    if not ids:
        return
    with tracking(data_dir) as connection, transaction(connection):
        connection.executemany(
            "UPDATE wish SET done_at = ?, origin = '' WHERE id = ? AND done_at IS NULL", [(now, id_) for id_ in ids]
        )


def _read(data_dir: Path, where: str, *values: int) -> list[Asked]:
    if not (rows := _rows(data_dir, where, *values)):
        return []
    found = _persons(data_dir, rows)
    with audience(data_dir) as people:
        return [_with_person(people, one, found.get((one.mailing, one.number))) for one in rows]


def _rows(data_dir: Path, where: str, *values: int) -> list[Asked]:
    if not path_of(data_dir, SCHEMA).exists():
        return []
    with tracking(data_dir) as connection:
        return [Asked(*row) for row in connection.execute(f"SELECT {_COLUMNS} {where}", values)]


def _persons(data_dir: Path, several: Collection[Asked]) -> dict[tuple[int, int], whose.Person]:
    """By mailing and number; without those of mailings whose file is gone."""
    numbers: dict[int, set[int]] = {}
    for one in several:
        numbers.setdefault(one.mailing, set()).add(one.number)
    found: dict[tuple[int, int], whose.Person] = {}
    for mailing, those in numbers.items():
        with contextlib.suppress(StoreError):
            found |= {(mailing, number): one for number, one in whose.people(data_dir, mailing, those).items()}
    return found


def _with_person(people: sqlite3.Connection, one: Asked, person: whose.Person | None) -> Asked:
    if person is None:
        return one
    email = _email(people, person.contact)
    return one._replace(contact=person.contact, email=email) if email else one._replace(email=person.address)


def _email(people: sqlite3.Connection, contact: int) -> str | None:
    row = people.execute("SELECT email FROM contact WHERE id = ?", (contact,)).fetchone()
    return row[0] if row else None
