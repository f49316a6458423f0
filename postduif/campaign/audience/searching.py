"""People looked for by a piece of their address or name, among those that a condition means; the newest first."""

# ruff: noqa: S608  SQL comes from the compiler; values are parameters

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.counting import asking

EVERYBODY = Compiled("1", ())
NEWEST = 2**63 - 1


class Found(NamedTuple):
    """One person of a list. Times in seconds since the epoch."""

    id: int
    email: str
    name: str
    language: str
    invalid: str
    """Why the address is none; "" when it is one."""
    created: float


def search(
    connection: sqlite3.Connection,
    data_dir: Path,
    text: str = "",
    asked: Compiled = EVERYBODY,
    before: int = 0,
    limit: int = 50,
) -> list[Found]:
    """Those whose address or name has `text`, with ids below `before` (0: from the newest), at most `limit`.

    Case counts for nothing in A to Z. #ID is the person of that id.
    """
    where, values, _ = narrowed(text, asked)
    query = (
        "SELECT id, email, coalesce(name, ''), coalesce(language, ''), invalid, created FROM contact "
        f"WHERE id < ? AND {where} ORDER BY id DESC LIMIT ?"
    )
    with asking(connection, asked, data_dir):
        rows = connection.execute(query, (before or NEWEST, *values, limit)).fetchall()
    return [Found(*row) for row in rows]


def count_found(connection: sqlite3.Connection, data_dir: Path, text: str = "", asked: Compiled = EVERYBODY) -> int:
    """How many there are."""
    where, values, _ = narrowed(text, asked)
    with asking(connection, asked, data_dir):
        return int(connection.execute(f"SELECT count(*) FROM contact WHERE {where}", values).fetchone()[0])


def narrowed(text: str, asked: Compiled) -> Compiled:
    """Those of them whose address or name has `text`."""
    text = text.strip()
    if not text:
        return asked._replace(sql=f"({asked.sql})")
    if text.startswith("#") and text[1:].isdigit() and text.isascii():
        return asked._replace(sql=f"contact.id = ? AND ({asked.sql})", values=(int(text[1:19]), *asked.values))
    has = "(instr(subject, lower(?)) > 0 OR instr(lower(name), lower(?)) > 0)"
    return asked._replace(sql=f"{has} AND ({asked.sql})", values=(text, text, *asked.values))
