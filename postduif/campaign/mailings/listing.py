"""Mailings as they are on file: one, many by filters, and the history of one. Reads only."""

# ruff: noqa: S608  statements are made of constants; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Any, NamedTuple

from postduif.campaign.mailings.fault import MailingFault, NoSuchMailing
from postduif.campaign.mailings.record import Counts, File, Mailing, State
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.stored import mailing_of, schedule_of

MAX_LISTED = 1000
_LINKS = {"selections": "selections", "projects": "projects", "types": "mail_type"}


class Entry(NamedTuple):
    """A mailing in a list: without its content. Times in seconds since the epoch."""

    number: int
    name: str
    state: State
    reason: str
    template: bool
    parent: int | None
    stream: str
    folder: str
    tags: tuple[str, ...]
    next: float | None
    counts: Counts
    started: float | None
    ended: float | None
    changed: float
    changed_by: str
    rate: int
    """Messages a minute; 0: no limit of its own."""
    schedule: Schedule | None


class Labels(NamedTuple):
    """Those that are used."""

    folders: tuple[str, ...]
    tags: tuple[str, ...]


class Event(NamedTuple):
    """What was done to a mailing. `before` and `after` are the same when its state stayed."""

    id: int
    mailing: int
    at: float
    who: str
    action: str
    before: State
    after: State
    words: str


class Filter(NamedTuple):
    """Which mailings; all of it must be so."""

    states: Collection[State] = ()
    """One of these; empty: any."""
    text: str = ""
    """In the name, the folder or a tag, without regard to the case of A to Z; or the number."""
    template: bool = False
    archived: bool | None = None
    """Only those put away, or only the others; None: both."""
    folder: str = ""
    tag: str = ""
    parent: int | None = None
    dated: bool = False
    """Only those that wait for a date."""
    before: int | None = None
    """Numbers below this one: the next page."""
    linked: tuple[str, str] | None = None
    """("selections" or "projects", a name): only those it is a source of; ("types", a name): of that type."""
    limit: int = 100


def find(connection: sqlite3.Connection, number: int) -> Mailing:
    """The mailing of that number. Raises NoSuchMailing."""
    if mailing := found(connection, number):
        return mailing
    raise NoSuchMailing(f"there is no mailing {number}; the list says which there are")


def found(connection: sqlite3.Connection, number: int) -> Mailing | None:
    """The mailing of that number, if there is one."""
    cursor = connection.execute("SELECT * FROM mailing WHERE number = ?", (number,))
    row = cursor.fetchone()
    return row and mailing_of(_named(cursor, row), files(connection, number))


def files(connection: sqlite3.Connection, number: int) -> tuple[File, ...]:
    """Of a mailing, by name."""
    query = (
        "SELECT name, hash, length(content) FROM mailing_file JOIN file USING (hash) WHERE mailing = ? ORDER BY name"
    )
    return tuple(File(*row) for row in connection.execute(query, (number,)))


def content_of(connection: sqlite3.Connection, file: File) -> bytes:
    """What is in a file. Raises MailingFault."""
    row = connection.execute("SELECT content FROM file WHERE hash = ?", (file.hash,)).fetchone()
    if not row:
        raise MailingFault(f"the file {file.name!r} is not there any more; read the mailing again")
    content: bytes = row[0]
    return content


def listed(connection: sqlite3.Connection, wanted: Filter) -> list[Entry]:
    """The latest first, at most MAX_LISTED."""
    where = ["template = ?"]
    values: list[object] = [wanted.template]
    if wanted.states:
        where.append("state IN (SELECT value FROM json_each(?))")
        values.append(json.dumps([state.value for state in wanted.states]))
    if wanted.text:
        where.append("(instr(lower(name || ' ' || folder || ' ' || tags), lower(?)) OR CAST(number AS TEXT) = ?)")
        values += [wanted.text, wanted.text]
    if wanted.archived is not None:
        where.append("archived = ?")
        values.append(wanted.archived)
    if wanted.folder:
        where.append("folder = ?")
        values.append(wanted.folder)
    if wanted.tag:
        where.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ? COLLATE NOCASE)")
        values.append(wanted.tag)
    if wanted.dated:
        where.append("next IS NOT NULL")
    if wanted.parent is not None:
        where.append("parent = ?")
        values.append(wanted.parent)
    if wanted.linked is not None:
        kind, name = wanted.linked
        one_of = "value = ? COLLATE NOCASE OR substr(value, 1, length(?) + 1) = ? || '/' COLLATE NOCASE"
        where.append(f"EXISTS (SELECT 1 FROM json_each(target, '$.{_LINKS[kind]}') WHERE {one_of})")
        values += [name] * 3
    if wanted.before is not None:
        where.append("number < ?")
        values.append(wanted.before)
    query = f"SELECT {_ENTRY} FROM mailing WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"
    cursor = connection.execute(query, (*values, min(wanted.limit, MAX_LISTED)))
    return [_entry(_named(cursor, row)) for row in cursor.fetchall()]


def labels(connection: sqlite3.Connection) -> Labels:
    """What mailings are found by, in the order of the alphabet; at most MAX_LISTED of each."""
    folders = "SELECT DISTINCT folder FROM mailing WHERE folder <> '' ORDER BY 1 LIMIT ?"
    tags = "SELECT DISTINCT value FROM mailing, json_each(tags) ORDER BY 1 LIMIT ?"
    return Labels(*(tuple(one for (one,) in connection.execute(query, (MAX_LISTED,))) for query in (folders, tags)))


def log(connection: sqlite3.Connection, number: int, after: int = 0, limit: int = MAX_LISTED) -> list[Event]:
    """What was done to a mailing, in order, from behind the event `after`. That of a deleted one is still there."""
    query = (
        "SELECT id, mailing, at, who, action, before, after, words FROM history WHERE mailing = ? AND id > ? "
        "ORDER BY id LIMIT ?"
    )
    rows = connection.execute(query, (number, after, limit)).fetchall()
    return [Event(*row)._replace(before=State(row[5]), after=State(row[6])) for row in rows]


def latest(
    connection: sqlite3.Connection, number: int, *, who: Collection[str] = (), before: int = 0, limit: int = 100
) -> list[Event]:
    """What was done to a mailing, the latest first, from before that event (0: from the end); only by one of `who`."""
    query = (
        "SELECT id, mailing, at, who, action, before, after, words FROM history WHERE mailing = ?1 "
        "AND (?2 = 0 OR id < ?2) AND (?3 = '[]' OR who IN (SELECT value FROM json_each(?3))) ORDER BY id DESC LIMIT ?4"
    )
    rows = connection.execute(query, (number, before, json.dumps(list(who)), limit)).fetchall()
    return [Event(*row)._replace(before=State(row[5]), after=State(row[6])) for row in rows]


def events(connection: sqlite3.Connection, after: int, limit: int) -> list[Event]:
    """What was done to any mailing, in order, from behind the event `after`."""
    query = "SELECT id, mailing, at, who, action, before, after, words FROM history WHERE id > ? ORDER BY id LIMIT ?"
    rows = connection.execute(query, (after, limit)).fetchall()
    return [Event(*row)._replace(before=State(row[5]), after=State(row[6])) for row in rows]


_ENTRY = (
    "number, name, state, reason, template, parent, stream, folder, tags, next, targeted, excluded, errors, warnings, "
    "started, ended, changed, changed_by, rate, schedule"
)


def _entry(row: dict[str, Any]) -> Entry:
    counts = Counts(*(row.pop(name) for name in Counts._fields))
    given = row | {
        "state": State(row["state"]),
        "template": bool(row["template"]),
        "tags": tuple(json.loads(row["tags"])),
        "schedule": row["schedule"] and schedule_of(row["schedule"]),
    }
    return Entry(counts=counts, **given)


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column[0] for column in cursor.description), row, strict=True))
