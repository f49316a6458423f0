"""How many recipients go in each wave, and when it begins. Pure."""

from __future__ import annotations

from itertools import accumulate, pairwise

from postduif.campaign.mailings.waves import Waves


def sizes(waves: Waves, recipients: int) -> list[int]:
    """Recipients of each wave, the canary first; [] when all go at once. Together they are all, and none is empty."""
    first = min(waves.canary.size, recipients) if waves.canary else 0
    rest = recipients - first
    asked = waves.counts or [share * rest for share in waves.shares]
    ends = [min(round(end), rest) for end in accumulate(asked)]  # of what is rounded off nothing is left over
    found = [first, *(end - begin for begin, end in pairwise([0, *ends, rest]))]
    found = [size for size in found if size]
    return found if len(found) > 1 else []


def begins(waves: Waves, count: int, start: float) -> list[float | None]:
    """When the second of `count` waves and those after it begin, seconds since the epoch; None waits for a word.

    After a canary the second wave waits for its verdict, and the others for their time after that: they are told then.
    """
    if waves.canary:
        return [None] * (count - 1)
    return [start + waves.period * number for number in range(1, count)]
