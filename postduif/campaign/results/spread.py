"""How a mailing's result is spread: over the domains, over time, and how fast it goes just now."""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from statistics import median
from typing import NamedTuple

from postduif.attempt import UNTRIED, Kind
from postduif.campaign.results.opening import at_one_moment
from postduif.campaign.results.states import DECIDING, State
from postduif.campaign.results.tally import Tally
from postduif.campaign.results.timeline import started
from postduif.queue.rows import MAX_RECIPIENTS

MINUTE, HOUR = 60.0, 3600.0
MOST_BUCKETS = 10_000


class OfDomain(NamedTuple):
    """Figures of one domain. All but `deferred`, which is part of `pending`, add up to `recipients`."""

    domain: str
    recipients: int
    delivered: int
    bounced: int
    failed: int
    expired: int
    suppressed: int
    withdrawn: int
    pending: int
    deferred: int
    """Of those pending: tried at least once."""
    seconds: float | None
    """Median from the start of the mailing to the 250 of those delivered; None: nobody was."""


class Bucket(NamedTuple):
    """What ended within a stretch of time."""

    start: float
    """Seconds since the epoch."""
    delivered: int
    bounced: int
    failed: int
    expired: int
    suppressed: int
    withdrawn: int


class Speed(NamedTuple):
    """Of the last `seconds`."""

    seconds: float
    attempts: int
    delivered: int


def by_domain(tally: Tally, limit: int = 1000) -> list[OfDomain]:
    """The domains with most recipients. Who is in state unknown has no domain, and seeds are left out."""
    states: dict[str, Counter[State]] = {}
    waited: dict[str, str] = {}
    deferred: Counter[str] = Counter()
    with at_one_moment(tally.connection):
        tally.catch_up()
        begun = started(tally.connection) or 0.0
        undecided = json.dumps(tally.undecided_rows())
        for domain, kind, count, milliseconds in tally.connection.execute(_ENDED, (begun, undecided)):
            states.setdefault(domain, Counter())[DECIDING[kind]] = count
            if kind == Kind.DELIVERED.value:
                waited[domain] = milliseconds
        seeds = json.dumps(sorted(tally.seeds))
        for domain, count, tried in tally.connection.execute(_PENDING, (seeds,)):
            states.setdefault(domain, Counter())[State.PENDING] = count
            deferred[domain] = tried
    order = sorted(states, key=lambda domain: (-states[domain].total(), domain))[:limit]
    return [_of_domain(name, states[name], deferred[name], waited.get(name, "")) for name in order]


def over_time(tally: Tally, width: float = MINUTE) -> list[Bucket]:
    """How many ended when, from the start of the mailing, in buckets of so many seconds (MINUTE, HOUR).

    Buckets in which nothing ended are there too, up to the last in which something did, and MOST_BUCKETS in all: what
    came later is in the last of these. Over all of them a state has as many as in the figures.
    """
    with at_one_moment(tally.connection):
        tally.catch_up()
        begun = started(tally.connection) or 0.0
        values = (begun, json.dumps(tally.undecided_rows()), width, MOST_BUCKETS - 1)
        found = tally.connection.execute(_IN_BUCKETS, values).fetchall()
    counts = Counter({(kind, place): count for kind, place, count in found})
    return [
        Bucket(begun + place * width, *(counts[state.value, place] for state in _ENDS))
        for place in range(1 + max((place for _, place in counts), default=-1))
    ]


def speed(connection: sqlite3.Connection, now: float, seconds: float = MINUTE) -> Speed:
    """How fast it goes: what the last seconds before `now` brought. Seeds too."""
    attempts, delivered = connection.execute(_SPEED, (now - seconds, now)).fetchone()
    return Speed(seconds, attempts, delivered)


_ENDS = (State.DELIVERED, State.BOUNCED, State.FAILED, State.EXPIRED, State.SUPPRESSED, State.WITHDRAWN)
_KINDS = ", ".join(f"'{kind}'" for kind in DECIDING)
_TRIED = ", ".join(f"'{kind.value}'" for kind in Kind if kind not in UNTRIED)
_DECIDING = f"kind IN ({_KINDS}) AND id NOT IN (SELECT value FROM json_each(?2))"
_ENDED = f"""
SELECT domain, kind, count(*), json_group_array(CAST((at - ?1) * 1000 AS INTEGER)) FROM journal
WHERE {_DECIDING} GROUP BY domain, kind
"""
_IN_BUCKETS = f"""
SELECT kind, max(0, min(?4, CAST((at - ?1) / ?3 AS INTEGER))) AS place, count(*) FROM journal
WHERE {_DECIDING} GROUP BY kind, place
"""
_PENDING = f"""
SELECT q.domain, count(*), sum(r.attempts > 0) FROM recipient r JOIN scheduled_queue q ON q.id = r.queue
WHERE r.id & {MAX_RECIPIENTS} NOT IN (SELECT value FROM json_each(?)) GROUP BY q.domain
"""
_SPEED = f"""
SELECT count(*), coalesce(sum(kind = '{Kind.DELIVERED.value}'), 0) FROM journal INDEXED BY journal_at
WHERE at > ? AND at <= ? AND kind IN ({_TRIED})
"""


def _of_domain(name: str, states: Counter[State], deferred: int, waited: str) -> OfDomain:
    seconds = median(json.loads(waited)) / 1000 if waited else None
    counts = {state.value: states[state] for state in (*_ENDS, State.PENDING)}
    return OfDomain(name, states.total(), **counts, deferred=deferred, seconds=seconds)
