"""How many recipients go in each wave, and when it begins. Pure."""

from __future__ import annotations

from postduif.campaign.mailings.waves import Waves


def sizes(waves: Waves, recipients: int) -> list[int]:
    """Recipients of each wave, the canary first; [] when all go at once. Together they are all."""
    found: list[int] = []
    left = recipients
    if waves.canary:
        found.append(min(waves.canary.size, left))
        left -= found[0]
    rest = left
    for size in [*waves.counts, *(round(share * rest) for share in waves.shares)]:
        found.append(min(size, left))
        left -= found[-1]
    if found and left:
        found.append(left)
    return found if len(found) > 1 else []


def begins(waves: Waves, count: int, start: float) -> list[float | None]:
    """When the second of `count` waves and those after it begin, seconds since the epoch; None waits for a word.

    After a canary the second wave waits for its verdict, and the others for their time after that: they are told then.
    """
    if waves.canary:
        return [None] * (count - 1)
    return [start + waves.period * number for number in range(1, count)]
