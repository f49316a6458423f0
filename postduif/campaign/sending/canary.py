"""The verdict on a first wave: what became of those who were tried, against what the mailing allows."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.bounce.address_state import What
from postduif.bounce.effect import effect_of
from postduif.campaign.mailings.waves import Canary
from postduif.queue.inspect import looking

_FAILED = (Kind.FAILED.value, Kind.EXPIRED.value, Kind.BOUNCED.value)


class Tried(NamedTuple):
    """Of those that were tried, how many have which fate."""

    tried: int
    bounced: int
    blocked: int
    deferred: int


def tried(directory: Path) -> Tried:
    """Count. Raises StoreError."""
    with looking(directory) as connection:
        return count(connection)


def count(connection: sqlite3.Connection) -> Tried:
    """The last that is known of each recipient who was tried; seeds are not counted."""
    rows = connection.execute(
        "SELECT kind, category, code FROM journal WHERE id IN (SELECT max(id) FROM journal GROUP BY number) "
        "AND NOT (SELECT seed FROM person p WHERE p.number = journal.number)"
    ).fetchall()
    failed = [effect_of(category, code) for kind, category, code in rows if kind in _FAILED and category]
    blocked = sum(what is What.BLOCK for what in failed)
    deferred = sum(kind in (Kind.DEFERRED.value, Kind.AMBIGUOUS.value) for kind, _, _ in rows)
    return Tried(len(rows), len(failed) - blocked, blocked, deferred)


def objection(canary: Canary, found: Tried) -> str:
    """Why the others are not to go; "": they may."""
    if not found.tried:
        return ""
    shares = (
        ("bounced", found.bounced, canary.bounce),
        ("refused as a matter of policy", found.blocked, canary.block),
        ("still deferred", found.deferred, canary.defer),
    )
    for words, number, most in shares:
        if number > most * found.tried:
            return (
                f"the first wave: {number} of {found.tried} tried are {words} ({number / found.tried:.1%}, allowed "
                f"{most:.1%}); look at its results, then resume or stop"
            )
    return ""
