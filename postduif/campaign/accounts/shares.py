"""Addresses that show the figures of one mailing to whoever has them, without signing in, until their day.

The secret in one has 256 random bits and is shown once; the file holds a hash. Persons are on no such page. It ends
earlier when it is revoked, or who made it is disabled or removed.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from typing import NamedTuple

from postduif.campaign.accounts import audit, secret
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By

DAY = 86400.0
DAYS = (1, 7, 30, 90, 365)
"""For how long there can be one."""
MOST = 50
"""Of one mailing."""
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{secret.LENGTH}}}")
_COLUMNS = "id, mailing, person, title, made, until"


class Share(NamedTuple):
    """What is known of one; not its secret. Times are seconds since the epoch."""

    id: str
    mailing: int
    person: str
    """Who made it."""
    title: str
    """For whom it is."""
    made: float
    until: float


def make(connection: sqlite3.Connection, mailing: int, title: str, days: int, by: By) -> str:
    """A new one; returns its secret, now and never again. Raises AccountFault."""
    if days not in DAYS:
        raise AccountFault(f"An address to share lasts {', '.join(map(str, DAYS))} days.")
    text, id_ = secret.make(), secrets.token_hex(4)
    title = " ".join(title.split())[:100]
    with transaction(connection):
        connection.execute("DELETE FROM share WHERE until <= ?", (by.now,))
        if len(of_mailing(connection, mailing, by.now)) >= MOST:
            raise AccountFault(f"Mailing {mailing} has {MOST} addresses to share. Revoke some.")
        row = (id_, secret.hash_of(text), mailing, by.who, title, by.now, by.now + days * DAY)
        connection.execute("INSERT INTO share VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        audit.note(connection, by, "share.made", f"mailing {mailing}", f"{id_} for {days} days, {title}".rstrip(", "))
    return text


def of_mailing(connection: sqlite3.Connection, mailing: int, now: float) -> list[Share]:
    """Those that still work, the newest first."""
    query = f"SELECT {_COLUMNS} FROM share WHERE mailing = ? AND until > ? ORDER BY made DESC, id"  # noqa: S608
    return [Share(*row) for row in connection.execute(query, (mailing, now)).fetchall()]


def revoke(connection: sqlite3.Connection, mailing: int, id_: str, by: By) -> None:
    """It shows nothing any more. Raises NoSuchAccount."""
    with transaction(connection):
        if not connection.execute("DELETE FROM share WHERE mailing = ? AND id = ?", (mailing, id_)).rowcount:
            raise NoSuchAccount("There is no such address any more.")
        audit.note(connection, by, "share.revoked", f"mailing {mailing}", id_)


def end(connection: sqlite3.Connection, person: str, by: By) -> None:
    """Those that this person made show nothing any more. Inside a transaction."""
    query = "DELETE FROM share WHERE person = ? RETURNING id, mailing"
    for id_, mailing in connection.execute(query, (person,)).fetchall():
        audit.note(connection, by, "share.revoked", f"mailing {mailing}", f"{id_}, with {person}")


def shared(connection: sqlite3.Connection, text: str, now: float) -> Share | None:
    """What this secret shows; None for every one that is wrong, too old or revoked."""
    if not _FORM.fullmatch(text):
        return None
    query = f"SELECT {_COLUMNS} FROM share WHERE hashed = ? AND until > ?"  # noqa: S608
    row = connection.execute(query, (secret.hash_of(text), now)).fetchone()
    return Share(*row) if row else None
