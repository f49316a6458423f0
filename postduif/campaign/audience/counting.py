"""How many a condition means, who they are, and why it takes as long as it does."""

# ruff: noqa: S608  SQL comes from the compiler; values are parameters

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.words import said
from postduif.campaign.audience.selections import Selection, SelectionKind, address_count, compiled, listed
from postduif.campaign.audience.suppression_link import attached


class Explained(NamedTuple):
    """A condition, in four ways."""

    words: str
    sql: str
    values: tuple[object, ...]
    plan: tuple[str, ...]
    """What SQLite does, a step a line."""


def count(connection: sqlite3.Connection, asked: Compiled, data_dir: Path) -> int:
    """How many people it means, now."""
    with asking(connection, asked, data_dir):
        query = f"SELECT count(*) FROM contact WHERE {asked.sql}"
        return int(connection.execute(query, asked.values).fetchone()[0])


def size(connection: sqlite3.Connection, selection: Selection, data_dir: Path, now: float) -> int:
    """How many are in a selection; of a list of addresses, how many addresses. Raises ConditionFault."""
    if selection.kind is SelectionKind.ADDRESSES:
        return address_count(connection, selection)
    return count(connection, compiled(connection, selection, now), data_dir)


def holding(connection: sqlite3.Connection, contact: int, data_dir: Path, now: float) -> list[Selection]:
    """The selections that somebody is in now, of any kind, by name."""
    found = []
    for one in listed(connection):
        with contextlib.suppress(ConditionFault):  # it speaks of what is gone: then nobody is in it
            asked = compiled(connection, one, now)
            query = f"SELECT 1 FROM contact WHERE id = ? AND ({asked.sql})"
            with asking(connection, asked, data_dir):
                if connection.execute(query, (contact, *asked.values)).fetchone():
                    found.append(one)
    return found


def members(connection: sqlite3.Connection, asked: Compiled, data_dir: Path, after: int, limit: int) -> list[int]:
    """Ids of those it means, in their order, from behind `after`, at most `limit`."""
    with asking(connection, asked, data_dir):
        query = f"SELECT id FROM contact WHERE id > ? AND ({asked.sql}) ORDER BY id LIMIT ?"
        return [id_ for (id_,) in connection.execute(query, (after, *asked.values, limit)).fetchall()]


def explain(connection: sqlite3.Connection, condition: str, asked: Compiled, data_dir: Path) -> Explained:
    """What a condition says, and how it is answered. Raises ConditionFault."""
    query = f"SELECT id FROM contact WHERE {asked.sql}"
    with asking(connection, asked, data_dir):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", asked.values).fetchall()
    words = said(read(condition)) if condition else "they were put there one by one"
    return Explained(words, query, asked.values, tuple(str(detail) for *_, detail in plan))


def asking(connection: sqlite3.Connection, asked: Compiled, data_dir: Path) -> contextlib.AbstractContextManager[None]:
    """The suppression list beside it, if the condition speaks of it."""
    return attached(connection, data_dir) if asked.asks_suppression else contextlib.nullcontext()
