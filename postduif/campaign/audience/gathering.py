"""From sources to one set of people: selections, projects, single persons, each person once.

The set is in temporary tables of the connection, on disk when it is large; a new one takes the place of the one before.
When selections and projects are both given only the selections count, and a note says so.
"""

# ruff: noqa: S608  SQL comes from the compiler; values are parameters

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.attributes import collection_named
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import Compiled, Compiler
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.contacts import find
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.suppression_link import attached
from postduif.errors import PostduifError


class Spec(NamedTuple):
    """Who is meant, and who is not. Names as people write them."""

    selections: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    """NAME, or NAME/ROLE for those with that role."""
    persons: tuple[str, ...] = ()
    """Addresses, or #ID."""
    condition: str = ""
    """Must be true of all of them; alone, it is a source itself."""
    collection: str = ""
    """One mail for each child record of this kind, not for each person."""
    child_condition: str = ""
    """Must be true of the child record."""
    mail_type: str = ""
    """A type of mail; who does not get it is excluded."""
    exclude_selections: tuple[str, ...] = ()
    """Lists of addresses, too."""
    exclude_domains: tuple[str, ...] = ()
    """example.com, or *.example.com for all below it."""
    exclude_addresses: tuple[str, ...] = ()
    attributes: tuple[str, ...] | None = None
    """What is carried along of each person; None: everything that is declared."""


class SourceCount(NamedTuple):
    """What one source gave."""

    name: str
    people: int
    more: int
    """Of them not in a source before it."""


class Gathered(NamedTuple):
    """What was gathered."""

    sources: tuple[SourceCount, ...]
    people: int
    notes: tuple[str, ...]


_SETS = ("target_member", "target_excluded")
"""Temporary tables: who is meant, and whom a selection leaves out."""


class TargetFault(PostduifError):  # noqa: N818  the name says what is the case
    """A target that cannot be; the text names the remedy."""


class _Part(NamedTuple):
    name: str
    where: Compiled
    note: str = ""


def gather(connection: sqlite3.Connection, data_dir: Path, spec: Spec, now: float) -> Gathered:
    """Fill `temp.target_member` and `temp.target_excluded`. Not inside a transaction.

    Raises TargetFault, SelectionFault, ProjectFault, ConditionFault.
    """
    compiler = Compiler(vocabulary(connection), selections.day(now))
    narrowed = compiler.compile(read(spec.condition)) if spec.condition.strip() else Compiled("1", ())
    parts = _sources(connection, compiler, spec)
    excluded = [_excluding(connection, compiler, name) for name in spec.exclude_selections]
    if spec.collection:
        collection_named(connection, spec.collection)
    _empty(connection)
    asks = any(one.asks_suppression for one in (narrowed, *(part.where for part in parts), *filter(None, excluded)))
    with attached(connection, data_dir) if asks else contextlib.nullcontext():
        counts = [_take(connection, part, narrowed, alone=len(parts) == 1) for part in parts]
        for one in filter(None, excluded):
            query = (
                "INSERT OR IGNORE INTO temp.target_excluded SELECT contact.id FROM temp.target_member m "
                f"JOIN contact ON contact.id = m.id WHERE {one.sql}"
            )
            connection.execute(query, one.values)
    return Gathered(tuple(counts), sum(one.more for one in counts), tuple(_notes(spec, parts)))


def _empty(connection: sqlite3.Connection) -> None:
    for table in _SETS:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        connection.execute(f"CREATE TEMP TABLE {table} (id INTEGER PRIMARY KEY)")


def gathered_ids(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What was gathered, for `adopt`: the ids of each set as JSON, some 8 MB for a million people."""
    queries = (f"SELECT json_group_array(id) FROM temp.{table}" for table in _SETS)
    return tuple(connection.execute(query).fetchone()[0] for query in queries)


def adopt(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Have the same sets as the connection, in another process, where they were gathered. Not inside a transaction."""
    _empty(connection)
    for table, several in zip(_SETS, ids, strict=True):
        connection.execute(f"INSERT INTO temp.{table} SELECT value FROM json_each(?)", (several,))


def judge(connection: sqlite3.Connection, spec: Spec, now: float) -> tuple[str, ...]:
    """Whether it can be gathered, without doing so; the notes on it. Raises as `gather` does."""
    compiler = Compiler(vocabulary(connection), selections.day(now))
    compiler.compile(read(spec.condition)) if spec.condition.strip() else None
    parts = _sources(connection, compiler, spec)
    for name in spec.exclude_selections:
        _excluding(connection, compiler, name)
    if spec.collection:
        collection_named(connection, spec.collection)
        if spec.child_condition.strip():
            compiler.compile_child(read(spec.child_condition), spec.collection)
    return tuple(_notes(spec, parts))


def _sources(connection: sqlite3.Connection, compiler: Compiler, spec: Spec) -> list[_Part]:
    parts = []
    for name in spec.selections:
        selection = selections.named(connection, name)
        if selection.kind is SelectionKind.ADDRESSES:
            raise TargetFault(f"{selection.name!r} is a list of addresses: it can exclude people, not be written to")
        parts.append(_Part(f"selection {selection.name}", compiler.selection(selection.name)))
    if not spec.selections:
        parts += [_project(connection, text) for text in spec.projects]
    if spec.persons:
        parts.append(_persons(connection, spec.persons, alone=not parts))
    if not parts and spec.condition.strip():
        parts.append(_Part("everybody with the condition", Compiled("1", ())))
    if not parts:
        raise TargetFault("nobody is meant; name a selection, a project, a person or a condition")
    return parts


def _project(connection: sqlite3.Connection, text: str) -> _Part:
    known = {one.name.lower() for one in projects.listed(connection)}
    name, slash, role = (text, "", "") if text.lower() in known else text.rpartition("/")
    project = projects.named(connection, name or text)
    where = "contact.id IN (SELECT contact FROM project_member WHERE project = ?"
    if slash:
        return _Part(f"project {text}", Compiled(f"{where} AND role = ?)", (project.id, role)))
    return _Part(f"project {project.name}", Compiled(f"{where})", (project.id,)))


def _persons(connection: sqlite3.Connection, texts: Sequence[str], *, alone: bool) -> _Part:
    """An #ID was somebody's once: who went before the others are written to does not keep those from their mail."""
    found = {text: find(connection, text) for text in texts}
    gone = [text for text, id_ in found.items() if id_ is None]
    unknown = gone if alone and len(gone) == len(found) else [text for text in gone if not text.startswith("#")]
    if unknown:
        raise TargetFault(f"nobody is known as {', '.join(unknown[:5])}; add them first: postduif contact set ADDRESS")
    ids = json.dumps([id_ for id_ in found.values() if id_ is not None])
    note = f"{len(gone)} of the single persons are no more: {', '.join(gone[:5])}" if gone else ""
    return _Part("single persons", Compiled("contact.id IN (SELECT value FROM json_each(?))", (ids,)), note)


def _excluding(connection: sqlite3.Connection, compiler: Compiler, name: str) -> Compiled | None:
    """Lists of addresses are held against each address itself, later."""
    selection = selections.named(connection, name)
    return None if selection.kind is SelectionKind.ADDRESSES else compiler.selection(selection.name)


def _take(connection: sqlite3.Connection, part: _Part, narrowed: Compiled, *, alone: bool) -> SourceCount:
    where, values = f"({part.where.sql}) AND ({narrowed.sql})", (*part.where.values, *narrowed.values)
    insert = f"INSERT OR IGNORE INTO temp.target_member SELECT contact.id FROM contact WHERE {where}"
    more = connection.execute(insert, values).rowcount
    if alone:
        return SourceCount(part.name, more, more)
    (people,) = connection.execute(f"SELECT count(*) FROM contact WHERE {where}", values).fetchone()
    return SourceCount(part.name, people, more)


def _notes(spec: Spec, parts: Sequence[_Part]) -> list[str]:
    notes = [part.note for part in parts if part.note]
    if spec.selections and spec.projects:
        left = ", ".join(spec.projects)
        notes.append(f"a selection is given, so the projects do not count: {left}")
    if not spec.mail_type:
        notes.append("no type of mail is given, so those who unsubscribed from a type are written to all the same")
    return notes
