"""What waits, as people ask for it. Queries over any connection that can read the queue file."""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from postduif.envelope import Envelope, Notify
from postduif.queue import columns, rows
from postduif.queue.condition import Condition


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One scheduled queue. Counts are recipients."""

    stream: str
    domain: str
    total: int
    waiting: int
    """Neither held nor leased."""
    due: int
    """Free ones whose time has come; leased ones are among them."""
    held: int
    """Held one by one, or all of them if the scheduled queue is held."""
    leased: int
    """Being delivered; 0 when asked without the daemon."""
    oldest: float
    """When the oldest of them was received, seconds since the epoch."""
    held_whole: bool


class Sums(NamedTuple):
    """All scheduled queues together. Counts are recipients, as in `QueueFigures`."""

    total: int
    due: int
    held: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One recipient in the queue."""

    place: int
    """Its place in the row: what a list goes on behind."""
    message: int
    stream: str
    domain: str
    sender: str
    recipient: str
    received_at: float
    expires_at: float
    due: float
    attempts: int
    last_reply: str
    """Code, enhanced code and text; "" before the first attempt."""
    last_remote: str
    """The host that said it; "" if we did."""
    held_by: str
    """Who holds it or its scheduled queue; "" if nobody does."""
    held_because: str
    size: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One message and its recipients in the queue."""

    envelope: Envelope
    recipients: tuple[Waiting, ...]
    orcpt: tuple[str, ...]
    notify: tuple[Notify, ...]


_COUNTS = ("total", "waiting", "due", "held", "leased")
_SUMMARY = """
WITH free AS (SELECT queue, count(*) AS count, sum(due <= ?) AS due, min(id) AS oldest
              FROM recipient INDEXED BY recipient_due WHERE hold = 0 GROUP BY queue),
     held AS (SELECT queue, count(*) AS count, min(id) AS oldest
              FROM recipient INDEXED BY recipient_held WHERE hold <> 0 GROUP BY queue)
SELECT q.id, q.stream, q.domain, coalesce(free.count, 0), coalesce(free.due, 0), coalesce(held.count, 0),
       m.received_at,
       EXISTS (SELECT 1 FROM hold h WHERE h.covers = 'queues' AND h.stream IN ('', q.stream)
               AND h.domain IN ('', q.domain))
FROM scheduled_queue q LEFT JOIN free ON free.queue = q.id LEFT JOIN held ON held.queue = q.id
JOIN message m ON m.id = min(coalesce(free.oldest, held.oldest), coalesce(held.oldest, free.oldest)) >> 24
WHERE instr(q.domain, ?) ORDER BY coalesce(free.count, 0) + coalesce(held.count, 0) DESC, q.domain
"""
_FREE = """
SELECT count(*), coalesce(sum(due <= ?), 0) FROM recipient INDEXED BY recipient_due WHERE hold = 0
"""
_HELD = "SELECT count(*) FROM recipient INDEXED BY recipient_held WHERE hold <> 0"
_HELD_WHOLE = """
SELECT count(*) FROM recipient INDEXED BY recipient_due WHERE hold = 0 AND queue IN (
    SELECT q.id FROM scheduled_queue q JOIN hold h
    ON h.covers = 'queues' AND h.stream IN ('', q.stream) AND h.domain IN ('', q.domain))
"""
_LISTING = """
SELECT r.id, r.id >> 24, m.stream, q.domain, m.sender, r.address, m.received_at, m.expires_at, r.due, r.attempts,
       CASE WHEN r.last_code
            THEN trim(r.last_code || ' ' || r.last_enhanced || ' ' || replace(r.last_text, char(10), ' ')) ELSE '' END,
       r.last_remote, coalesce(h.owner, ''), coalesce(h.reason, ''), m.size, m.message_id, r.orcpt, r.notify
FROM recipient r JOIN message m ON m.id = r.id >> 24 JOIN scheduled_queue q ON q.id = r.queue
LEFT JOIN hold h ON h.id = coalesce(nullif(r.hold, 0), (
    SELECT w.id FROM hold w WHERE w.covers = 'queues' AND w.stream IN ('', q.stream) AND w.domain IN ('', q.domain)
    ORDER BY w.id LIMIT 1))
WHERE r.id > ? AND {where} ORDER BY r.id LIMIT ?
"""
_COUNT = """
SELECT count(*) FROM recipient r JOIN message m ON m.id = r.id >> 24 JOIN scheduled_queue q ON q.id = r.queue
WHERE {where}
"""


def summary(
    connection: sqlite3.Connection, now: float, leased: Mapping[int, int], domain: str = ""
) -> list[QueueFigures]:
    """The scheduled queues that have recipients, the longest first; those with `domain` in the name of theirs.

    `leased`: how many, by its row.
    """
    figures: list[QueueFigures] = []
    found = connection.execute(_SUMMARY, (now, domain.lower())).fetchall()
    for row, stream, domain, free, due, held, oldest, whole in found:
        total, out = free + held, leased.get(row, 0)
        waiting = 0 if whole else max(free - out, 0)
        figures.append(
            QueueFigures(stream, domain, total, waiting, due, total if whole else held, out, oldest, bool(whole))
        )
    return figures


def by_stream(figures: Iterable[QueueFigures]) -> list[QueueFigures]:
    """Those of each stream together, under no domain, the longest first."""
    found: dict[str, QueueFigures] = {}
    for one in figures:
        there = found.get(one.stream)
        found[one.stream] = replace(one, domain="", held_whole=False) if there is None else _together(there, one)
    return sorted(found.values(), key=lambda one: -one.total)


def _together(one: QueueFigures, other: QueueFigures) -> QueueFigures:
    counts = {name: getattr(one, name) + getattr(other, name) for name in _COUNTS}
    return replace(one, **counts, oldest=min(one.oldest, other.oldest))


def sums(connection: sqlite3.Connection, now: float) -> Sums:
    """What `summary` has, added up: for pages that stay open, however many scheduled queues there are."""
    free, due = connection.execute(_FREE, (now,)).fetchone()
    (held,), (whole,) = (connection.execute(query).fetchone() for query in (_HELD, _HELD_WHOLE))
    return Sums(free + held, due, held + whole)


def listing(connection: sqlite3.Connection, condition: Condition, limit: int, after: int = 0) -> list[Waiting]:
    """Recipients in the queue that the condition means, the oldest first, from behind the place `after`."""
    where, values = condition.where()
    rows_ = connection.execute(_LISTING.format(where=where), (after, *values, limit)).fetchall()
    return [Waiting(*row[:-2]) for row in rows_]


def count(connection: sqlite3.Connection, condition: Condition) -> int:
    """How many recipients in the queue the condition means."""
    where, values = condition.where()
    (number,) = connection.execute(_COUNT.format(where=where), values).fetchone()
    return int(number)


def show(connection: sqlite3.Connection, message_id: int) -> Shown | None:
    """One message with all its recipients in the queue; None when it is not there."""
    where, values = Condition(ids=(message_id,)).where()
    found = connection.execute(_LISTING.format(where=where), (0, *values, rows.MAX_RECIPIENTS)).fetchall()
    query = f"SELECT {columns.MESSAGE_COLUMNS} FROM message WHERE id = ?"
    message = connection.execute(query, (message_id,)).fetchone()
    if not found or message is None:
        return None
    return Shown(
        rows.envelope(message),
        tuple(Waiting(*row[:-2]) for row in found),
        tuple(row[-2] for row in found),
        tuple(Notify(row[-1]) for row in found),
    )
