"""What happened lately, counted: attempts by scheduled queue and site, read from the journal when somebody looks."""

from __future__ import annotations

import heapq
import json
import operator
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from postduif.queue.scheduled import QueueKey, ScheduledQueue

MAX_ATTEMPTS = 200_000
"""Attempts that are counted in one look, the latest. What is older is left out."""
MAX_ROWS = 1000

_COUNTED = """
SELECT json_group_array(json_array(stream, domain, site, delivered, deferred, failed)) FROM (
    SELECT stream, domain, site, sum(kind = 'delivered') AS delivered,
           sum(kind IN ('deferred', 'ambiguous')) AS deferred, sum(kind IN ('failed', 'expired')) AS failed
    FROM (SELECT stream, domain, site, kind FROM journal INDEXED BY journal_at WHERE at >= ? ORDER BY at DESC LIMIT ?)
    WHERE kind <> 'withdrawn' GROUP BY 1, 2, 3 ORDER BY count(*) DESC LIMIT ?)
"""


class Activity(NamedTuple):
    """Attempts of one scheduled queue at one site; the site is "" when none was reached."""

    stream: str
    domain: str
    site: str
    delivered: int
    deferred: int
    """Ambiguous ones among them: they are tried again, too."""
    failed: int


class Load(NamedTuple):
    """What is in memory of one scheduled queue. Counts are recipients."""

    stream: str
    domain: str
    total: int
    held: int
    leased: int
    """Being delivered."""


def loads(queues: Mapping[QueueKey, ScheduledQueue], keys: Iterable[QueueKey], limit: int) -> dict[QueueKey, Load]:
    """What is in memory of these scheduled queues, and of the `limit` of all with the most leased or waiting."""
    longest = heapq.nlargest(limit, queues.values(), key=operator.attrgetter("leased", "total"))
    found = {key: Load(*key, 0, 0, 0) for key in keys}
    for queue in (*(queues[key] for key in found if key in queues), *(one for one in longest if one.total)):
        held = queue.total if queue.held_whole else queue.held
        found[queue.key] = Load(*queue.key, queue.total, held, queue.leased)
    return found


def activity(connection: sqlite3.Connection, since: float) -> list[Activity]:
    """The busiest, MAX_ROWS at most, of what ended at `since` (seconds since the epoch) or later."""
    (text,) = connection.execute(_COUNTED, (since, MAX_ATTEMPTS, MAX_ROWS)).fetchone()
    return [Activity(*row) for row in json.loads(text)]
