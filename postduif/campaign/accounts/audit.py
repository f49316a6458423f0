"""The audit trail: who did what, and when. Rows are added, in the transaction of what they tell of, and never changed.

The file itself refuses to change or delete one. The history of a mailing stands with the mailing; here is the rest.
"""

# ruff: noqa: S608  names of columns are constants; values are parameters

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from postduif.campaign.mailings.changing import By

MAX_WORDS = 1000
_ADDRESS = re.compile(r"""[^\s<>()\[\],;:&"'=*@]+(?:@|%40)[^\s<>()\[\],;:&"'=*@]+""")
"""Also in the query of an export. What people write it between ends it; a pattern (*@example.com) is none."""


class Entry(NamedTuple):
    """One row; `at` is seconds since the epoch."""

    id: int
    at: float
    who: str
    what: str
    about: str
    words: str


def note(connection: sqlite3.Connection, by: By, what: str, about: str, words: str = "") -> None:
    """Add a row: `what` is `noun.verb`, `about` a noun and its name ("person anna"). Words of `by` follow `words`.

    An address in the words is taken out: it could not be, when its person is erased.
    """
    said = _ADDRESS.sub("(an address)", _line(": ".join(filter(None, (words, by.words)))))
    row = (by.now, _line(by.who), what, _line(about), said)
    connection.execute("INSERT INTO audit (at, who, what, about, words) VALUES (?, ?, ?, ?, ?)", row)


def listed(
    connection: sqlite3.Connection, *, who: str = "", about: str = "", before: int = 0, limit: int = 50
) -> list[Entry]:
    """The newest first. `before`: only entries with a smaller id; 0: from the newest. Raises nothing of ours."""
    wanted = {"who = ?": who, "about = ?": about, "id < ?": before}
    clauses = [clause for clause, value in wanted.items() if value]
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    sql = f"SELECT id, at, who, what, about, words FROM audit {where} ORDER BY id DESC LIMIT ?"
    return [Entry(*row) for row in connection.execute(sql, (*filter(None, wanted.values()), limit))]


def _line(words: str) -> str:
    return " ".join(words.encode("utf-8", "replace").decode().split())[:MAX_WORDS]
