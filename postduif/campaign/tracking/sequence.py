"""What only shows in several visits of one reader, and in when his mail was delivered. Pure.

Filters follow links as the mail arrives, or all of them within a moment; people read first, and follow one after the
other. What a request says of itself is judged before (`machines`) and stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from postduif.campaign.tracking.visit import Machine, Visit, Visited

AT_ONCE = 5.0
"""Seconds after the delivery within which nobody has read a mail and followed a link, or has seen that it is there."""
MOMENT = 3.0
"""Seconds within which nobody follows several links."""
SEVERAL = 3
"""Different links that are too many for a moment; two of a mail that has two."""


def judged(visits: Sequence[Visit], delivered: float | None, links: int) -> list[str]:
    """For each visit of one reader, in order of time, why it is a machine's; "" for a person's.

    `delivered`: seconds since the epoch, None when that is not known; `links`: how many the mailing has.
    """
    found = [one.machine or _soon(one, delivered) for one in visits]
    several = min(SEVERAL, links)
    if several < 2:
        return found
    clicks = [place for place, one in enumerate(visits) if one.kind == Visited.CLICK]
    first = 0
    for last, place in enumerate(clicks):
        while visits[place].at - visits[clicks[first]].at > MOMENT:
            first += 1
        within = clicks[first : last + 1]
        if len({visits[one].link for one in within}) >= several:
            for one in within:
                found[one] = found[one] or Machine.ALL_LINKS.value
    return found


def _soon(visit: Visit, delivered: float | None) -> str:
    """Before the delivery counts, too: a filter looks before it answers 250."""
    return Machine.AT_ONCE.value if delivered is not None and visit.at < delivered + AT_ONCE else ""
