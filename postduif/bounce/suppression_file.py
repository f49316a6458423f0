"""The suppression list on disk, read: who is refused, the whole list by pages, the history of one.

All are plain functions over a connection to the queue file, with plain values in and out, so that they can be run
wherever that connection is. `suppression` changes what they read.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from postduif.bounce.address_state import Entry, Standing, State
from postduif.bounce.subject import erased, key_mark

COLUMNS = "subject, type, standing, cause, source, evidence, reason, at, until, errors"
HISTORY_COLUMNS = "at, subject, type, event, was, became, cause, source, evidence, reason"
TABLES = ("suppression", "suppression_history")
"""For those who copy a file."""

_PATTERNS = "instr(subject, '*') > 0 AND instr(subject, '\\') = 0"


class Wanted(NamedTuple):
    """Which entries. Every part that is given must be true; "" is any."""

    standing: str = ""
    """A `Standing`; "refusing" is both that refuse mail."""
    cause: str = ""
    type: str = ""
    domain: str = ""
    """Of the address or pattern."""
    text: str = ""
    """In the address or pattern, without regard to case. Looks at every entry."""


class IndexPage(NamedTuple):
    """A part of what the memory must know."""

    refusing: list[str]
    with_errors: list[str]
    next: tuple[str, str] | None
    """Where the next page begins; None: there is none."""


class Past(NamedTuple):
    """One change of one entry, as it was written down."""

    at: float
    subject: str
    type: str
    event: str
    was: str
    became: str
    cause: str
    source: str
    evidence: str
    reason: str


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there. Whoever opens the file calls it once, in a transaction or outside one."""
    for statement in resources.files("postduif.bounce").joinpath("suppression.sql").read_text("utf-8").split(";\n"):
        connection.execute(statement)


def lookup(connection: sqlite3.Connection, subjects: Sequence[str], secret: bytes) -> dict[str, list[Entry]]:
    """What is on file about each of these, under the subject that was asked for; those without anything are left out.

    An address whose person was erased is found by its hash; the entries then name the hash.
    """
    asked = {key: subject for subject in subjects for key in (subject, erased(subject, secret))}
    found: dict[str, list[Entry]] = {}
    for entry in entries_of(connection, list(asked)):
        found.setdefault(asked[entry.subject], []).append(entry)
    return found


def entries_of(connection: sqlite3.Connection, subjects: Sequence[str]) -> list[Entry]:
    """The entries of exactly these subjects, in one statement."""
    asked = "(SELECT value AS asked FROM json_each(?))"  # joined: half the time of IN, which sorts them first
    query = f"SELECT {COLUMNS} FROM {asked} CROSS JOIN suppression ON subject = asked"
    return [_entry(row) for row in connection.execute(query, (json.dumps(list(dict.fromkeys(subjects))),)).fetchall()]


def listing(connection: sqlite3.Connection, wanted: Wanted, after: tuple[str, str], limit: int) -> list[Entry]:
    """Entries in the order of subject and type, from behind `after` (("", "") is the beginning), at most `limit`."""
    where = [
        sql
        for value, sql in (
            (wanted.standing == "refusing", f"standing <> '{Standing.WITH_ERRORS}'"),
            (wanted.standing not in ("", "refusing"), "standing = :standing"),
            (wanted.cause, "cause = :cause"),
            (wanted.type, "type = :type"),
            (wanted.text, "instr(subject, :text)"),
            (wanted.domain, "substr(subject, -length(:domain) - 1) = '@' || :domain"),
        )
        if value
    ]
    query = (
        f"SELECT {COLUMNS} FROM suppression WHERE {' AND '.join(['(subject, type) > (:s, :t)', *where])} "
        "ORDER BY subject, type LIMIT :limit"
    )
    values = {**wanted._asdict(), "domain": wanted.domain.lower(), "text": wanted.text.lower()}
    values |= {"s": after[0], "t": after[1], "limit": limit}
    return [_entry(row) for row in connection.execute(query, values).fetchall()]


def patterns(connection: sqlite3.Connection) -> list[str]:
    """The patterns that refuse mail."""
    query = f"SELECT subject FROM suppression INDEXED BY suppression_pattern WHERE {_PATTERNS}"
    return [subject for (subject,) in connection.execute(query).fetchall()]


def hashed_otherwise(connection: sqlite3.Connection, secret: bytes) -> int:
    """Erased people who were hashed with another key: with this one nobody knows them, and they would get mail."""
    query = (
        "SELECT count(DISTINCT subject) FROM suppression WHERE subject >= '#' AND subject < '$' "
        "AND instr(subject, '@') = 0 AND substr(subject, 1, length(?1)) <> ?1"
    )
    (count,) = connection.execute(query, (key_mark(secret),)).fetchone()
    return int(count)


def index_page(connection: sqlite3.Connection, after: tuple[str, str], limit: int) -> IndexPage:
    """What the memory must know, a page at a time; in one row, as each that is fetched fights for the interpreter."""
    query = (
        "SELECT json_group_array(json_array(subject, type, standing)) FROM (SELECT subject, type, standing "
        "FROM suppression WHERE (subject, type) > (?, ?) ORDER BY subject, type LIMIT ?)"
    )
    rows = json.loads(connection.execute(query, (*after, limit)).fetchone()[0])
    counted = Standing.WITH_ERRORS.value
    return IndexPage(
        [subject for subject, _, standing in rows if standing != counted],
        [subject for subject, _, standing in rows if standing == counted],
        (rows[-1][0], rows[-1][1]) if len(rows) == limit else None,
    )


def history(connection: sqlite3.Connection, subject: str, secret: bytes, limit: int) -> list[Past]:
    """What was changed about one subject, the latest first."""
    query = f"SELECT {HISTORY_COLUMNS} FROM suppression_history WHERE subject IN (?, ?) ORDER BY id DESC LIMIT ?"
    rows = connection.execute(query, (subject, erased(subject, secret), limit)).fetchall()
    return [Past(*row) for row in rows]


def _entry(row: tuple[Any, ...]) -> Entry:
    subject, type_, standing, cause, source, evidence, reason, at, until, errors = row
    state = State(Standing(standing), cause, source, evidence, reason, at, until, tuple(json.loads(errors)))
    return Entry(subject, type_, state)
