"""Mailings as the first page shows them: those under way with how far they are, those that ended, those that come."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.mailings.listing import Entry, Filter, listed
from postduif.campaign.mailings.record import State
from postduif.campaign.preparing.places import Places
from postduif.campaign.sending.standing import pace
from postduif.errors import StoreError

ENDED = 5
NEXT = 5
MAX_UNDER_WAY = 20
_GOING = (State.PREPARING, State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING)
_WITH_THE_MTA = (State.SENDING, State.PAUSED, State.STOPPING)


class Going(NamedTuple):
    """One under way."""

    entry: Entry
    done: int
    """Recipients who are not in the queue any more."""
    whole: int
    """Those it is to be delivered to; 0 while that is not known."""
    rate: float
    """Delivered a second, of late."""

    @property
    def left(self) -> float | None:
        """Seconds until the queue is empty at that rate; None: it does not go."""
        return (self.whole - self.done) / self.rate if self.rate > 0 and self.whole else None


class Overview(NamedTuple):
    """All three."""

    going: list[Going]
    ended: list[Entry]
    next: list[Entry]


def overview(connection: sqlite3.Connection, data_dir: Path, now: float) -> Overview:
    """As they are at `now`, seconds since the epoch."""
    going = listed(connection, Filter(states=_GOING, archived=False, limit=MAX_UNDER_WAY))
    ended = listed(connection, Filter(states=(State.FINISHED, State.STOPPED), archived=False, limit=ENDED))
    dated = listed(connection, Filter(dated=True))
    coming = sorted((one for one in dated if one.next is not None and one.next >= now), key=lambda one: one.next or now)
    return Overview([_going(one, data_dir, now) for one in going], ended, coming[:NEXT])


def _going(entry: Entry, data_dir: Path, now: float) -> Going:
    whole = entry.counts.targeted - entry.counts.excluded
    if entry.state not in _WITH_THE_MTA:
        return Going(entry, 0, whole, 0.0)
    try:
        found = pace(Places(data_dir).handed_over(entry.number), now)
    except StoreError:  # its file is being moved: the state says the rest
        return Going(entry, 0, whole, 0.0)
    return Going(entry, max(0, whole - found.waiting), whole, found.delivered)
