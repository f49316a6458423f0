"""What the queue file of a mailing knows of its readers: who they are, and when their mail was delivered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.campaign.results.opening import opened
from postduif.errors import StoreError
from postduif.queue.rows import MAX_RECIPIENTS

_PEOPLE = "SELECT number, contact, child FROM person WHERE number IN (SELECT value FROM json_each(?))"
_CONTACTS = "SELECT number, contact FROM person WHERE number IN (SELECT value FROM json_each(?))"
_SEEDS = "SELECT number FROM person WHERE seed AND number IN (SELECT value FROM json_each(?))"
_DELIVERED = f"""
SELECT number, min(at) FROM journal
WHERE number IN (SELECT value FROM json_each(?)) AND kind = '{Kind.DELIVERED.value}' GROUP BY number
"""  # noqa: S608  a constant
_ADDRESS = "SELECT recipient FROM journal WHERE number = ? ORDER BY id DESC LIMIT 1"
_WAITING = f"SELECT address FROM recipient WHERE id = (SELECT min(id) & ~{MAX_RECIPIENTS} FROM recipient) + ?"  # noqa: S608


class Person(NamedTuple):
    """One reader."""

    contact: int
    """In the audience; 0: nobody there."""
    child: int
    """The child record that it is for; 0: none."""
    address: str
    """That the mail went to; "" when nothing is known of it any more, as of somebody who was erased."""


class Facts(NamedTuple):
    """What is known of some readers of one mailing."""

    delivered: dict[int, float]
    """When, seconds since the epoch; who is not in it was not, as far as is known."""
    seeds: frozenset[int]
    """Addresses of ours, which are in no figure."""


NOTHING = Facts({}, frozenset())


def facts(data_dir: Path, mailing: int, numbers: Collection[int]) -> Facts:
    """Of those readers; nothing when the file is gone."""
    asked = (json.dumps(sorted(numbers)),)
    try:
        with opened(data_dir, mailing) as connection:
            delivered = dict(connection.execute(_DELIVERED, asked).fetchall())
            return Facts(delivered, frozenset(number for (number,) in connection.execute(_SEEDS, asked)))
    except StoreError:
        return NOTHING


def contacts(data_dir: Path, mailing: int, numbers: Collection[int]) -> dict[int, int]:
    """The contact of each reader, 0 for somebody who is none. Raises StoreError when the file cannot be read."""
    with opened(data_dir, mailing) as connection:
        return contacts_in(connection, numbers)


def contacts_in(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[int, int]:
    """The same, of an open file."""
    return dict(connection.execute(_CONTACTS, (json.dumps(sorted(numbers)),)).fetchall())


def person(data_dir: Path, mailing: int, number: int) -> Person | None:
    """One reader; None: the mailing has no such. Raises StoreError when the file cannot be read."""
    return people(data_dir, mailing, [number]).get(number)


def people(data_dir: Path, mailing: int, numbers: Collection[int]) -> dict[int, Person]:
    """Those readers that the mailing has, by number. Raises StoreError when the file cannot be read."""
    found = {}
    with opened(data_dir, mailing) as connection:
        for number, contact, child in connection.execute(_PEOPLE, (json.dumps(sorted(numbers)),)).fetchall():
            rows = [connection.execute(query, (number,)).fetchone() for query in (_WAITING, _ADDRESS)]
            found[number] = Person(contact, child, next((row[0] for row in rows if row), ""))
    return found
