"""Counts the visits as they come, so that figures cost the same for a mailing of a million as for one of ten.

A durable cursor says which visits are counted. For each reader with new ones all of his are judged anew, since what he
does later may show that it was a machine from the beginning; the difference to before goes into the figures. All that
is in one transaction with the cursor, so it may be killed anywhere, and be done by anybody who wants figures.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.database import transaction
from postduif.campaign.tracking import whose
from postduif.campaign.tracking.sequence import judged
from postduif.campaign.tracking.visit import Visit, Visited

CHUNK = 1000
"""Visits of one transaction: others who write wait for some 20 ms."""
MOST_VISITS = 500
"""Of one reader of one mailing. More are forgotten: no person comes by so often."""
_NAMES = {Visited.OPEN: ("opens", "openers"), Visited.CLICK: ("clicks", "clickers"), Visited.WEB: ("views", "viewers")}
_NEW = "SELECT id, mailing, number FROM visit WHERE id > (SELECT visit FROM counted) ORDER BY id LIMIT ?"
_OF_READER = """
SELECT id, at, mailing, number, kind, link, agent, machine FROM visit WHERE mailing = ? AND number = ? AND id <= ?
ORDER BY id LIMIT ?
"""
_FORGET = "DELETE FROM visit WHERE mailing = ? AND number = ? AND id > ? AND id <= ?"
_FIGURE = """
INSERT INTO figure (mailing, name, link, hour, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (mailing, name, link, hour) DO UPDATE SET value = value + excluded.value
"""
_READER = """
INSERT INTO reader (mailing, number, opens, clicks, machine) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (mailing, number) DO UPDATE SET opens = excluded.opens, clicks = excluded.clicks, machine = excluded.machine
"""
Key = tuple[str, int, int]
"""Name of a figure, link, hour."""


class _Row(NamedTuple):
    id: int
    visit: Visit


def catch_up(connection: sqlite3.Connection, data_dir: Path, links: Callable[[int], int]) -> bool:
    """Count the next CHUNK of new visits. `links`: how many a mailing has. False: there were none.

    Not inside a transaction.
    """
    if not connection.execute(_NEW, (1,)).fetchone():
        return False
    with transaction(connection):
        new = connection.execute(_NEW, (CHUNK,)).fetchall()
        if not new:  # somebody else was faster
            return False
        (cursor,) = connection.execute("SELECT visit FROM counted").fetchone()
        last = new[-1][0]
        readers: dict[int, set[int]] = {}
        for _, mailing, number in new:
            readers.setdefault(mailing, set()).add(number)
        for mailing, numbers in readers.items():
            _count(connection, mailing, numbers, _Span(cursor, last), whose.facts(data_dir, mailing, numbers), links)
        connection.execute("UPDATE counted SET visit = ?", (last,))
    return True


class _Span(NamedTuple):
    """The visits that are counted now: behind the cursor, up to the last."""

    cursor: int
    last: int


def _count(
    connection: sqlite3.Connection,
    mailing: int,
    numbers: Iterable[int],
    span: _Span,
    facts: whose.Facts,
    links: Callable[[int], int],
) -> None:
    change: Counter[Key] = Counter()
    readers, machines = [], []
    count = links(mailing)
    for number in sorted(numbers):
        rows = _rows(connection, mailing, number, span)
        before = [one.visit for one in rows if one.id <= span.cursor]
        now = judged([one.visit for one in rows], facts.delivered.get(number), count)
        machines += [(why, row.id) for row, why in zip(rows, now, strict=True) if row.visit.machine != why]
        after = [row.visit._replace(machine=why) for row, why in zip(rows, now, strict=True)]
        if number in facts.seeds:
            continue
        change.update(contributions(after))
        change.subtract(contributions(before))
        kinds = Counter(one.kind for one in after if not one.machine)
        readers.append((mailing, number, kinds[Visited.OPEN], kinds[Visited.CLICK], sum(map(bool, now))))
    connection.executemany("UPDATE visit SET machine = ? WHERE id = ?", machines)
    connection.executemany(_READER, readers)
    connection.executemany(_FIGURE, [(mailing, *key, value) for key, value in change.items() if value])


def _rows(connection: sqlite3.Connection, mailing: int, number: int, span: _Span) -> list[_Row]:
    """All of one reader, the first MOST_VISITS; the others are forgotten."""
    found = connection.execute(_OF_READER, (mailing, number, span.last, MOST_VISITS + 1)).fetchall()
    if len(found) > MOST_VISITS:
        connection.execute(_FORGET, (mailing, number, found[MOST_VISITS - 1][0], span.last))
    return [_Row(id_, Visit(*rest)) for id_, *rest in found[:MOST_VISITS]]


def contributions(visits: Sequence[Visit]) -> Counter[Key]:
    """What one reader adds to each figure.

    `opens` and so on count all, `human_opens` those of people; `openers` count him once, and
    a click counts as an open. `machine:WHY` counts visits.
    """
    found: Counter[Key] = Counter()
    once: set[Key] = set()
    for one in visits:
        if one.kind not in _NAMES:
            continue
        visits_, visitors = _NAMES[Visited(one.kind)]
        hour = int(one.at // 3600)
        for who in ("",) if one.machine else ("", "human_"):
            for link in {0, one.link}:
                found[f"{who}{visits_}", link, 0] += 1
                once.add((f"{who}{visitors}", link, 0))
            found[f"{who}{visits_}", 0, hour] += 1
            if one.kind == Visited.CLICK:
                once.add((f"{who}openers", 0, 0))
        if one.machine:
            found[f"machine:{one.machine}", 0, 0] += 1
    found.update(dict.fromkeys(once, 1))
    return found
