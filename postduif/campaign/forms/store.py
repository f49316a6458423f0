"""Forms on file: each with all versions that there ever were, since the proof of consent names one."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.campaign.audience.condition.vocabulary import nearest
from postduif.campaign.database import transaction
from postduif.campaign.forms.form import Form, FormFault, NoSuchForm, read, written


class Stored(NamedTuple):
    """One version of a form."""

    form: Form
    version: int
    at: float
    """When it was stored, seconds since the epoch."""
    who: str
    closed: bool
    """Nobody is asked any more, in whichever version."""


_LATEST = "SELECT v.content, v.version, v.at, v.who, f.closed FROM form f JOIN version v ON v.form = f.name"


def listed(connection: sqlite3.Connection) -> list[Stored]:
    """The latest version of each, by name."""
    rows = connection.execute(f"{_LATEST} AND v.version = f.version ORDER BY f.name").fetchall()
    return [_stored(*row) for row in rows]


def find(connection: sqlite3.Connection, name: str, version: int = 0) -> Stored:
    """That version, 0: the latest. Raises NoSuchForm."""
    query = f"{_LATEST} AND v.version = iif(?2, ?2, f.version) WHERE f.name = ?1"
    row = connection.execute(query, (name, version)).fetchone()
    if row is None:
        known = tuple(name for (name,) in connection.execute("SELECT name FROM form"))
        raise NoSuchForm(f"there is no form {name!r}{f' of version {version}' if version else nearest(name, known)}")
    return _stored(*row)


def asked(connection: sqlite3.Connection, name: str) -> list[str]:
    """The attributes that any version asked for, those of the latest first. Raises NoSuchForm."""
    find(connection, name)
    rows = connection.execute("SELECT content FROM version WHERE form = ? ORDER BY version DESC", (name,))
    return list(dict.fromkeys(one.name for (content,) in rows for one in read(content).fields))


def create(connection: sqlite3.Connection, form: Form, who: str, now: float) -> Stored:
    """A new one, `checked` before. Raises FormFault when there is one of that name."""
    with transaction(connection):
        if connection.execute("SELECT 1 FROM form WHERE name = ?", (form.name,)).fetchone():
            raise FormFault(f"there is a form {form.name} already; choose another name")
        connection.execute("INSERT INTO form (name, version, created) VALUES (?, 1, ?)", (form.name, now))
        return _put(connection, form, 1, who, now)


def change(connection: sqlite3.Connection, form: Form, seen: int, who: str, now: float) -> Stored:
    """A new version, `checked` before, if it is another than the one that was `seen`.

    Raises NoSuchForm, and FormFault when somebody else changed it meanwhile.
    """
    with transaction(connection):
        there = find(connection, form.name)
        if there.version != seen:
            raise FormFault(f"{there.who} stored version {there.version} meanwhile; compare, and store again")
        if there.form == form:
            return there
        connection.execute("UPDATE form SET version = ? WHERE name = ?", (seen + 1, form.name))
        return _put(connection, form, seen + 1, who, now)


def close(connection: sqlite3.Connection, name: str, *, closed: bool) -> None:
    """Ask nobody any more, or again. Raises NoSuchForm."""
    find(connection, name)
    connection.execute("UPDATE form SET closed = ? WHERE name = ?", (closed, name))


def _put(connection: sqlite3.Connection, form: Form, version: int, who: str, now: float) -> Stored:
    row = (form.name, version, now, who, written(form))
    connection.execute("INSERT INTO version (form, version, at, who, content) VALUES (?, ?, ?, ?, ?)", row)
    return find(connection, form.name)


def _stored(content: str, version: int, at: float, who: str, closed: int) -> Stored:
    return Stored(read(content), version, at, who, bool(closed))
