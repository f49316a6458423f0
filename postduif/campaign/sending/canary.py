"""The verdict on a first wave: what became of those who were tried, against what the mailing allows.

It is given once, as soon as the wave has had its time and all of it were tried; the moment is in the mailing's history,
and the times of the later waves count from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.bounce.address_state import What
from postduif.bounce.category import CATEGORIES
from postduif.bounce.effect import effect_of
from postduif.campaign.mailings.listing import Event
from postduif.campaign.mailings.running import JUDGED
from postduif.campaign.mailings.states import Action
from postduif.campaign.mailings.waves import Canary
from postduif.queue.inspect import looking

_FAILED = (Kind.FAILED.value, Kind.EXPIRED.value, Kind.BOUNCED.value)
_DEFERRED = (Kind.DEFERRED.value, Kind.AMBIGUOUS.value)
_LAST = f"""
SELECT kind, category, code FROM journal WHERE id IN (
    SELECT max(id) FROM journal
    WHERE kind IN ('{"', '".join((Kind.DELIVERED.value, *_FAILED, *_DEFERRED))}') AND attempt > 0 GROUP BY number)
AND NOT (SELECT seed FROM person p WHERE p.number = journal.number)
"""  # noqa: S608  constants
_UNTRIED = """
SELECT count(*) FROM recipient INDEXED BY recipient_due
WHERE hold = 0 AND attempts = 0 AND NOT (SELECT seed FROM person WHERE number = id & 16777215)
"""


class Tried(NamedTuple):
    """Of the people of a mailing: how many were tried, and how many of those have which fate. Seeds are not counted."""

    tried: int
    bounced: int
    blocked: int
    deferred: int
    untried: int
    """Nothing holds them, and it is not their turn yet."""


def tried(directory: Path) -> Tried:
    """Count. Raises StoreError."""
    with looking(directory) as connection:
        return count(connection)


def count(connection: sqlite3.Connection) -> Tried:
    """What came of the last attempt at each, or what came back later. Who is not written to after all is not in it."""
    (untried,) = connection.execute(_UNTRIED).fetchone()
    rows = connection.execute(_LAST).fetchall()
    failed = [effect_of(_known(category), code) for kind, category, code in rows if kind in _FAILED and category]
    blocked = sum(what is What.BLOCK for what in failed)
    deferred = sum(kind in _DEFERRED for kind, _, _ in rows)
    return Tried(len(rows), len(failed) - blocked, blocked, deferred, untried)


def _known(category: str) -> str:
    """Of a file that a newer Postduif wrote."""
    return category if category in CATEGORIES else "unknown"


def complete(canary: Canary, found: Tried) -> bool:
    """As many were tried as are to be judged, or all there are."""
    return not found.untried or found.tried >= canary.size


def objection(canary: Canary, found: Tried) -> str:
    """Why the others are not to go; "": they may, if it is complete. Who was not tried yet counts as good."""
    whole = max(found.tried, min(canary.size, found.tried + found.untried))
    if not whole:
        return ""
    shares = (
        ("bounced", found.bounced, canary.bounce),
        ("refused as a matter of policy", found.blocked, canary.block),
        ("still deferred", found.deferred, canary.defer),
    )
    for words, number, most in shares:
        if number > most * whole:
            return (
                f"the first wave: {number} of {whole} tried are {words} ({number / whole:.1%}, allowed "
                f"{most:.1%}); look at its results, then resume or stop"
            )
    return ""


def let_go(events: Iterable[Event]) -> float | None:
    """When the second wave was let go: by the verdict, or by a person who resumed the mailing in spite of it.

    Seconds since the epoch, and later by as long as it was paused since then: the later waves count from it. None: the
    first wave is to be judged yet.
    """
    found: float | None = None
    paused, held = 0.0, False
    for event in events:
        if event.action in (Action.PAUSE, Action.HOLD):
            paused, held = event.at, held or event.action == Action.HOLD
        elif event.action == Action.RESUME and found is not None:
            found += max(0.0, event.at - paused)
        elif found is None and (event.action == JUDGED or (event.action == Action.RESUME and held)):
            found = event.at
    return found
