"""Everybody, or those of a selection, as CSV or JSON: what an import takes back.

In CSV no cell is a formula (`spreadsheet`). Rows come in the order of their ids, a chunk at a time, in bounded memory.
"""

# ruff: noqa: S608  SQL comes from the compiler; values are parameters

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

from postduif.campaign.audience.attributes import Attribute, declared
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.counting import asking
from postduif.campaign.audience.projects import Project
from postduif.campaign.audience.selections import Selection, addresses
from postduif.campaign.audience.values import Shown, Stored, shown, written
from postduif.spreadsheet import guarded

CHUNK = 5000
FIXED = ("email", "name", "language")


def csv_pieces(
    connection: sqlite3.Connection, compiled: Compiled, data_dir: Path, role_in: Project | None = None
) -> Iterator[str]:
    """A heading, and all that are meant, some CHUNK rows a piece. `role_in`: with the role in it."""
    known = list(declared(connection).values())
    heading = [*FIXED, *(one.label for one in known), *([f"role in {role_in.name}"] if role_in else [])]
    yield _lines([heading])
    for chunk in _chunks(connection, compiled, data_dir, role_in):
        yield _lines(_texts(row, known) for row in chunk)


def write_csv(file: TextIO, connection: sqlite3.Connection, compiled: Compiled, data_dir: Path) -> None:
    """Write what `csv_pieces` says."""
    file.writelines(csv_pieces(connection, compiled, data_dir))


def write_json(file: TextIO, connection: sqlite3.Connection, compiled: Compiled, data_dir: Path) -> int:
    """Write one list, a person a line; returns how many. It may be longer than memory."""
    known = list(declared(connection).values())
    count = 0
    file.write("[")
    for row in chain.from_iterable(_chunks(connection, compiled, data_dir)):
        file.write((",\n" if count else "\n") + json.dumps(_person(row, known), ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count


def addresses_csv(connection: sqlite3.Connection, listed: Selection) -> Iterator[str]:
    """A list of addresses, a piece of some CHUNK at a time."""
    yield _lines([["email"]])
    behind = ""
    while chunk := addresses(connection, listed, CHUNK, behind):
        yield _lines([one] for one in chunk)
        behind = chunk[-1]


def _chunks(
    connection: sqlite3.Connection, compiled: Compiled, data_dir: Path, role_in: Project | None = None
) -> Iterator[list[tuple[Stored, ...]]]:
    """Id, what everybody has, the attributes and the role, of all that are meant."""
    columns = ["id", *FIXED, *(one.column for one in declared(connection).values())]
    values: tuple[int, ...] = ()
    if role_in:
        columns.append("(SELECT role FROM project_member WHERE project = ? AND contact = contact.id)")
        values = (role_in.id,)
    query = f"SELECT {', '.join(columns)} FROM contact WHERE id > ? AND ({compiled.sql}) ORDER BY id LIMIT {CHUNK}"
    after = 0
    while True:
        with asking(connection, compiled, data_dir):
            chunk = connection.execute(query, (*values, after, *compiled.values)).fetchall()
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1][0]


def _texts(row: tuple[Stored, ...], known: list[Attribute]) -> list[str]:
    _, *fixed = row[: 1 + len(FIXED)]
    texts = [str(one or "") for one in fixed]
    texts += [written(one.kind, value) for one, value in zip(known, row[1 + len(FIXED) :], strict=False)]
    return texts + [str(role) for role in row[1 + len(FIXED) + len(known) :]]


def _lines(rows: Iterable[list[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerows(map(guarded, row) for row in rows)
    return file.getvalue()


def _person(row: tuple[Stored, ...], known: list[Attribute]) -> dict[str, Shown]:
    fixed = dict(zip(("id", *FIXED), row, strict=False))
    values = zip(known, row[len(fixed) :], strict=True)
    return fixed | {one.name: shown(one.kind, value) for one, value in values}
