"""Who is signed in: begun by a password or a link, found by the cookie, ended by leaving, by time, or by others.

The cookie's secret is in no file. Each sign-in has a new one, so none that was planted before is worth anything.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.campaign.accounts import audit, people, secret
from postduif.campaign.accounts.fault import NoSuchAccount
from postduif.campaign.accounts.people import Person
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By

LONGEST = 30 * 86400.0
"""Seconds after which somebody signs in again, however busy."""
SEEN_EVERY = 60.0
"""Seconds between two notes that a session is in use."""
LINK_LIFE = 3600.0
"""Seconds that a sign-in address is good for."""
MOST = 20
"""Sessions of one person; the oldest goes."""


class Session(NamedTuple):
    """One sign-in."""

    hashed: bytes
    csrf: str
    created: float
    seen: float
    agent: str


class Begun(NamedTuple):
    """A session that began: what the cookie is to hold, and how forms prove that they are ours."""

    cookie: str
    csrf: str


def begin(connection: sqlite3.Connection, person: Person, by: By, agent: str = "", *, way: str = "password") -> Begun:
    """Sign in. What has run out by then goes."""
    begun = Begun(secret.make(), secret.make())
    with transaction(connection):
        row = (secret.hash_of(begun.cookie), person.name, begun.csrf, by.now, by.now, agent[:80])
        connection.execute(
            "INSERT INTO session (hashed, person, csrf, created, seen, agent) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        connection.execute("UPDATE person SET signed_in = ? WHERE name = ?", (by.now, person.name))
        connection.execute("DELETE FROM session WHERE created < ?", (by.now - LONGEST,))
        connection.execute(
            "DELETE FROM session WHERE person = ?1 AND hashed NOT IN "
            "(SELECT hashed FROM session WHERE person = ?1 ORDER BY created DESC LIMIT ?2)",
            (person.name, MOST),
        )
        audit.note(connection, by, "session.began", f"person {person.name}", f"by {way}")
    return begun


def found(
    connection: sqlite3.Connection, cookie: str, now: float, lifetime: float, *, active: bool = True
) -> tuple[Person, Session] | None:
    """Who holds this cookie, if it is good. `lifetime`: seconds that a session lasts unused; `active`: this is use."""
    row = connection.execute(
        "SELECT hashed, csrf, created, seen, agent, person FROM session WHERE hashed = ?", (secret.hash_of(cookie),)
    ).fetchone()
    if row is None:
        return None
    *values, name = row
    session = Session(*values)
    person = people.found(connection, name)
    if person is None or person.disabled or now - session.seen > lifetime or now - session.created > LONGEST:
        return None
    if active and now - session.seen > SEEN_EVERY:
        connection.execute("UPDATE session SET seen = ? WHERE hashed = ?", (now, session.hashed))
    return person, session


def lasts(connection: sqlite3.Connection, hashed: bytes) -> bool:
    """Whether a session that was found before is still there."""
    return connection.execute("SELECT 1 FROM session WHERE hashed = ?", (hashed,)).fetchone() is not None


def sessions_of(connection: sqlite3.Connection, name: str) -> list[Session]:
    """Where a person is signed in, the newest first."""
    rows = connection.execute(
        "SELECT hashed, csrf, created, seen, agent FROM session WHERE person = ? ORDER BY created DESC", (name,)
    )
    return [Session(*row) for row in rows]


def end(connection: sqlite3.Connection, hashed: bytes) -> None:
    """Sign out there."""
    connection.execute("DELETE FROM session WHERE hashed = ?", (hashed,))


def end_others(connection: sqlite3.Connection, name: str, kept: bytes) -> int:
    """Sign out everywhere else; returns in how many places."""
    return connection.execute("DELETE FROM session WHERE person = ? AND hashed <> ?", (name, kept)).rowcount


def make_link(connection: sqlite3.Connection, name: str, by: By) -> str:
    """The secret of an address that signs this person in once, within LINK_LIFE. Raises NoSuchAccount."""
    text = secret.make()
    with transaction(connection):
        person = people.find(connection, name)
        connection.execute("DELETE FROM link WHERE until < ?", (by.now,))
        row = (secret.hash_of(text), person.name, by.now + LINK_LIFE)
        connection.execute("INSERT INTO link (hashed, person, until) VALUES (?, ?, ?)", row)
        audit.note(connection, by, "link.made", f"person {person.name}")
    return text


def use_link(connection: sqlite3.Connection, text: str, now: float) -> Person:
    """Whose it is; it is good no longer. Raises NoSuchAccount."""
    with transaction(connection):
        row = connection.execute(
            "DELETE FROM link WHERE hashed = ? RETURNING person, until", (secret.hash_of(text),)
        ).fetchone()
    person = people.found(connection, row[0]) if row and row[1] >= now else None
    if person is None or person.disabled:
        raise NoSuchAccount("This address was used already, or is too old. Ask for a new one.")
    return person
