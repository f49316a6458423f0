"""Everybody, or those of a selection, as CSV or JSON: what an import takes back.

In CSV no cell is a formula (`spreadsheet`). Rows come in the order of their ids, a chunk at a time, in bounded memory.
"""

# ruff: noqa: S608  SQL comes from the compiler; values are parameters

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from postduif.campaign.audience.attributes import Attribute, declared
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.counting import asking
from postduif.campaign.audience.values import Shown, Stored, shown, written
from postduif.spreadsheet import guarded

CHUNK = 5000
FIXED = ("email", "name", "language")


def rows(connection: sqlite3.Connection, compiled: Compiled, data_dir: Path) -> Iterator[tuple[Stored, ...]]:
    """Id, what everybody has, and the attributes, of all that are meant."""
    columns = ", ".join(("id", *FIXED, *(one.column for one in declared(connection).values())))
    query = f"SELECT {columns} FROM contact WHERE id > ? AND ({compiled.sql}) ORDER BY id LIMIT {CHUNK}"
    after = 0
    while True:
        with asking(connection, compiled, data_dir):
            chunk = connection.execute(query, (after, *compiled.values)).fetchall()
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1][0]


def write_csv(file: TextIO, connection: sqlite3.Connection, compiled: Compiled, data_dir: Path) -> int:
    """Write a heading and all rows; returns how many."""
    known = list(declared(connection).values())
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerow([*FIXED, *(guarded(one.label) for one in known)])
    count = 0
    for _, *row in rows(connection, compiled, data_dir):
        texts = [str(value or "") for value in row[: len(FIXED)]]
        texts += [written(one.kind, value) for one, value in zip(known, row[len(FIXED) :], strict=True)]
        writer.writerow(map(guarded, texts))
        count += 1
    return count


def write_json(file: TextIO, connection: sqlite3.Connection, compiled: Compiled, data_dir: Path) -> int:
    """Write one list, a person a line; returns how many. It may be longer than memory."""
    known = list(declared(connection).values())
    count = 0
    file.write("[")
    for row in rows(connection, compiled, data_dir):
        file.write((",\n" if count else "\n") + json.dumps(_person(row, known), ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count


def _person(row: tuple[Stored, ...], known: list[Attribute]) -> dict[str, Shown]:
    fixed = dict(zip(("id", *FIXED), row, strict=False))
    values = zip(known, row[len(fixed) :], strict=True)
    return fixed | {one.name: shown(one.kind, value) for one, value in values}
