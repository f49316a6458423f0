"""Many people at once into the file: who is new is added, who is known gets what is given.

What is empty never replaces what is known, and who is given nothing new is not touched. Plain functions inside a
transaction of the caller. One statement a chunk: rows are never looked up one by one.
"""

# ruff: noqa: S608  names in statements are checked when they are declared; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from postduif.campaign.audience.attributes import Collection
from postduif.campaign.audience.values import Stored


class Person(NamedTuple):
    """One row to put in."""

    email: str
    subject: str
    invalid: str
    """Why the address is none; "" when it is one."""
    values: tuple[Stored, ...]
    """Of the columns, in their order."""


class Child(NamedTuple):
    """One child record to put in."""

    subject: str
    """Of the person it belongs to."""
    email: str | None
    """Its own address, if it has one."""
    child_subject: str | None
    values: tuple[Stored, ...]


def existing(connection: sqlite3.Connection, subjects: Sequence[str]) -> dict[str, int]:
    """Those of these who are known, and their ids."""
    query = "SELECT subject, id FROM contact WHERE subject IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(subjects),)).fetchall())


def put_people(connection: sqlite3.Connection, columns: Sequence[str], people: Sequence[Person], now: float) -> None:
    """Add or complete. `columns` are quoted names of columns of `contact`."""
    connection.executemany(
        _upsert("contact", ("email", "subject", "invalid"), "subject", columns),
        [(one.email, one.subject, one.invalid, now, now, *one.values) for one in people],
    )


def put_children(
    connection: sqlite3.Connection,
    collection: Collection,
    columns: Sequence[str],
    children: Sequence[Child],
    now: float,
) -> None:
    """Add child records of known people; one with a known key is completed."""
    known = existing(connection, list({one.subject for one in children}))
    connection.executemany(
        _upsert(
            collection.table,
            ("email", "subject", "contact"),
            f'contact, "a_{collection.key}"' if collection.key else "",
            columns,
        ),
        [(one.email, one.child_subject, known[one.subject], now, now, *one.values) for one in children],
    )


def note_origin(connection: sqlite3.Connection, subjects: Sequence[str], source: int, now: float) -> None:
    """These came from there, too."""
    connection.execute(
        "INSERT OR IGNORE INTO origin (contact, source, at) SELECT id, ?, ? FROM contact "
        "WHERE subject IN (SELECT value FROM json_each(?))",
        (source, now, json.dumps(subjects)),
    )


def source_id(connection: sqlite3.Connection, kind: str, name: str) -> int:
    """The source of that kind and name, made when it is new. `kind`: import, form, api or hand."""
    connection.execute("INSERT OR IGNORE INTO source (kind, name) VALUES (?, ?)", (kind, name))
    row = connection.execute("SELECT id FROM source WHERE kind = ? AND name = ?", (kind, name)).fetchone()
    return int(row[0])


def _upsert(table: str, fixed: Sequence[str], conflict: str, columns: Sequence[str]) -> str:
    names = (*fixed, "created", "changed", *columns)
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    if not conflict:
        return insert
    if not columns:
        return f"{insert} ON CONFLICT ({conflict}) DO NOTHING"
    given = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in columns)
    differs = " OR ".join(f"(excluded.{name} IS NOT NULL AND excluded.{name} IS NOT {name})" for name in columns)
    return f"{insert} ON CONFLICT ({conflict}) DO UPDATE SET changed = excluded.changed, {given} WHERE {differs}"
