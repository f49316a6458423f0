"""What happened when, in as many steps as a picture or a short table has room for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postduif.campaign.results.spread import Bucket
from postduif.campaign.tracking.figures import OfHour

HOUR, DAY = 3600.0, 86400.0
WIDTHS = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, HOUR, 6 * HOUR, DAY)
MOST_STEPS = 72
FIRST = 48 * HOUR
"""Seconds in which most of what happens to a mailing happens."""


class Ended(NamedTuple):
    """Within one step. `start` in seconds since the epoch."""

    start: float
    delivered: int
    returned: int
    """Bounced, failed and expired."""
    other: int
    """Suppressed and withdrawn."""


class Read(NamedTuple):
    """Within one step, without machines."""

    start: float
    opens: int
    clicks: int


def width_of(seconds: float) -> float:
    """Seconds of a step, for so long a stretch."""
    return next((width for width in WIDTHS if seconds / width <= MOST_STEPS), WIDTHS[-1])


def ended(buckets: Sequence[Bucket], seconds: float) -> list[Ended]:
    """What ended within so many seconds from the start, up to the last that did. `buckets` follow one another."""
    if not buckets:
        return []
    begin = buckets[0].start
    within = [one for one in buckets if one.start < begin + seconds]
    while len(within) > 1 and not any(within[-1][1:]):
        within.pop()
    return [
        Ended(one.start, one.delivered, one.bounced + one.failed + one.expired, one.suppressed + one.withdrawn)
        for one in within
    ]


def read(hours: Sequence[OfHour], begin: float, seconds: float) -> list[Read]:
    """Opens and clicks within so many seconds from `begin`, by the hour, or the day where it is long."""
    within = [one for one in hours if one.hour < begin + seconds]
    if not within:
        return []
    first = min(begin // HOUR * HOUR, within[0].hour)
    width = HOUR if (within[-1].hour - first) / HOUR <= MOST_STEPS else 6 * HOUR
    if (within[-1].hour - first) / width > 2 * MOST_STEPS:
        width = DAY
    return list(_steps(within, first // width * width, width))


def _steps(hours: Sequence[OfHour], first: float, width: float) -> Iterator[Read]:
    counts: dict[int, list[int]] = {}
    for one in hours:
        place = counts.setdefault(int((one.hour - first) // width), [0, 0])
        place[0] += one.human_opens
        place[1] += one.human_clicks
    for step in range(max(counts) + 1):
        yield Read(first + step * width, *counts.get(step, (0, 0)))
