"""The tallies of the mailings that are looked at just now, kept between two looks, for any number of threads.

A tally is made in a second or so for a million, and brought up to date in milliseconds. What takes longer than that
(figures of every domain) is kept beside it for as long as nothing has happened, or it is made so seldom that it takes
a tenth of a processor at most.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from postduif.campaign.results.opening import place_of
from postduif.campaign.results.spread import OfDomain, by_domain
from postduif.campaign.results.tally import Tally, tally_of
from postduif.errors import StoreError
from postduif.queue.connection import FILE_NAME
from postduif.queue.rows import MAX_RECIPIENTS

MOST = 6
"""Mailings at once: some 20 MB each for a million recipients, and up to 14 for the domains of each."""
MOST_DOMAINS = 50_000
"""Those with most recipients: some 280 octets each."""
IDLE = 600.0
"""Seconds after which nobody looks any more."""
REST = 9.0
Made = TypeVar("Made")


class _Memo(NamedTuple):
    last: tuple[int, object]
    until: float
    made: Any


class Kept:
    """One mailing's tally, and what was made of it."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._memos: dict[str, _Memo] = {}

    def made(self, name: str, make: Callable[[Tally], Made], beside: object = None) -> Made:
        """What `make` says, now or a little while ago: at once when it is known.

        `beside`: what it is made of but for the tally; with another, it is not known.
        """
        memo = self._memos.get(name)
        begun = time.monotonic()
        if memo is not None and (memo.last == (self._now(), beside) or begun < memo.until):
            found: Made = memo.made
            return found
        found = make(self.tally)
        now = time.monotonic()
        self._memos[name] = _Memo((self.tally.last, beside), now + REST * (now - begun), found)
        return found

    def _now(self) -> int:
        self.tally.catch_up()
        return self.tally.last


def domains_behind(kept: Kept, after: str, limit: int) -> list[OfDomain]:
    """Those with most recipients first, behind that one ("": from the first): kept but for those after MOST_DOMAINS."""
    found = kept.made("first domains", partial(by_domain, limit=MOST_DOMAINS))
    begin = _behind(found, after)
    if len(found) == MOST_DOMAINS and (begin + limit > MOST_DOMAINS or (after and not begin)):
        found = by_domain(kept.tally, MAX_RECIPIENTS)
        begin = _behind(found, after)
    return found[begin : begin + limit]


def _behind(found: list[OfDomain], domain: str) -> int:
    return next((place for place, one in enumerate(found, 1) if one.domain == domain), 0)


class _Place:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.used = 0.0
        self.stack = contextlib.ExitStack()
        self.key: tuple[int, int] | None = None
        self.kept: Kept | None = None

    def close(self) -> None:
        self.stack.close()
        self.key = self.kept = None


class Tallies:
    """Those of one installation."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._places: OrderedDict[int, _Place] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, number: int) -> Iterator[Kept]:
        """That mailing's, for one thread at a time. Raises StoreError."""
        place = self._place(number)
        with place.lock:
            try:
                key = _key(place_of(self._data_dir, number) / FILE_NAME)
                if place.kept is None or place.key != key:  # it was prepared anew, or handed over
                    place.close()
                    place.kept = Kept(place.stack.enter_context(tally_of(self._data_dir, number)))
                    place.key = key
                place.used = time.monotonic()
                yield place.kept
            except (sqlite3.Error, OSError) as error:
                place.close()
                raise StoreError(f"the queue file of mailing {number} cannot be read: {error}") from None
            except StoreError:
                place.close()
                raise

    def close(self) -> None:
        """Let all files go."""
        with self._lock:
            places = list(self._places.values())
            self._places.clear()
        for place in places:
            with place.lock:
                place.close()

    def _place(self, number: int) -> _Place:
        with self._lock:
            place = self._places.setdefault(number, _Place())
            self._places.move_to_end(number)
            too_many = list(self._places)[:-MOST]
            late = time.monotonic() - IDLE
            for other in [one for one, it in self._places.items() if one in too_many or 0 < it.used < late]:
                old = self._places[other]
                if other != number and old.lock.acquire(blocking=False):
                    del self._places[other]
                    old.close()
                    old.lock.release()
            return place


def _key(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
