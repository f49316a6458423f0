"""What the campaign asks of the queue file of a mailing that was handed over. Reads only; raises StoreError."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.campaign.results.spread import speed
from postduif.queue.inspect import looking
from postduif.queue.mailing_standing import Standing, standing_of


def standing(directory: Path) -> Standing:
    """How many wait, and behind what."""
    with looking(directory) as connection:
        return standing_of(connection)


class Pace(NamedTuple):
    """How far it is, and how fast it goes."""

    waiting: int
    """Recipients in the queue, seeds too."""
    delivered: float
    """A second, of late."""


def pace(directory: Path, now: float) -> Pace:
    """Of this moment; seconds since the epoch."""
    with looking(directory) as connection:
        (waiting,) = connection.execute("SELECT count(*) FROM recipient").fetchone()
        late = speed(connection, now)
        return Pace(waiting, late.delivered / late.seconds)


def withdrawn(directory: Path) -> int:
    """How many were taken out because it was stopped."""
    query = "SELECT count(*) FROM journal WHERE kind = ?"
    with looking(directory) as connection:
        return int(connection.execute(query, (Kind.WITHDRAWN.value,)).fetchone()[0])
