"""Carries what people asked for to where it has its effect: the proof to the audience, the rest to the MTA.

A wish is on disk before its answer, and stays to be done until both have it. Each step may be done again, so it may be
killed anywhere; while the MTA is away it is tried again. With it there, a wish is done well within a second.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from postduif import log
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import ConsentEvent, Proof
from postduif.campaign.coming_back import come_back
from postduif.campaign.database import path_of, transaction
from postduif.campaign.insisting import Insisting, Rounds, rounds
from postduif.campaign.tracking import consent, whose
from postduif.campaign.tracking.connection import SCHEMA, tracking
from postduif.campaign.tracking.figures import count_all
from postduif.campaign.tracking.visit import Wanted, Wish
from postduif.campaign.tracking.waiting import waiting_in
from postduif.campaign.tracking.whose import Person
from postduif.clock import Clock
from postduif.mta.control import ControlError, Tell

EVERY = 0.2  # seconds between looks
COUNT_EVERY = 1.0  # seconds between counts of visits
TELL_EVERY = 10.0  # seconds between figures for whoever watches the MTA
CHUNK = 200
_TO_DO = """
SELECT id, at, mailing, number, kind, type, how, wording, origin FROM wish
WHERE done_at IS NULL AND kind NOT IN ('export', 'erase') AND id > ? ORDER BY id LIMIT ?
"""
_DONE = "UPDATE wish SET done_at = ?, origin = '' WHERE id = ?"
"""Where it came from is with the person's proof from now on, and goes with that when they are erased."""
_OF_TRACKING = (Wanted.NO_TRACKING, Wanted.TRACKING)
_EVENTS = {
    Wanted.UNSUBSCRIBE: ConsentEvent.WITHDRAWN,
    Wanted.RESUBSCRIBE: ConsentEvent.RENEWED,
    Wanted.NO_TRACKING: ConsentEvent.TRACKING_REFUSED,
    Wanted.TRACKING: ConsentEvent.TRACKING_ALLOWED,
}


class _Means(NamedTuple):
    data_dir: Path
    people: sqlite3.Connection
    tell: Tell


class Carrier:
    """One per installation; a second does no harm. `step` is called by one thread at a time."""

    def __init__(self, data_dir: Path, tell: Tell, clock: Clock) -> None:
        self._data_dir = data_dir
        self._tell = tell
        self._clock = clock
        self._counted = float("-inf")
        self._told = float("-inf")
        self._insisting = Insisting("wish", clock)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        there, opened = path_of(self._data_dir, SCHEMA).exists, partial(tracking, self._data_dir)
        rounds(Rounds("tracking", there, opened, self.step, EVERY), stop)

    def step(self, connection: sqlite3.Connection) -> None:
        """Do all that can be done now. Raises StoreError, sqlite3.Error."""
        now = self._clock.monotonic()
        if not self._insisting.silent:
            for id_, wish in _to_do(connection):
                do = partial(self._carry, connection, id_, wish)
                if not self._insisting.tried(id_, do, mailing=wish.mailing):
                    break
        if now >= self._told + TELL_EVERY and not self._insisting.silent:
            self._told = now
            with contextlib.suppress(ControlError):
                self._tell("leaving.figures", **_figures(connection, self._clock.time()))
        if now >= self._counted + COUNT_EVERY:
            self._counted = now
            count_all(connection, self._data_dir)

    def _carry(self, connection: sqlite3.Connection, id_: int, wish: Wish) -> None:
        self._do(wish)
        with transaction(connection):
            connection.execute(_DONE, (self._clock.time(), id_))
        log.info("wish_done", kind=wish.kind, type=wish.type, mailing=wish.mailing, number=wish.number, how=wish.how)

    def _do(self, wish: Wish) -> None:
        person = whose.person(self._data_dir, wish.mailing, wish.number)
        if person is None:
            return  # a number that the mailing has not: prepared anew since
        with audience(self._data_dir) as people:
            means = _Means(self._data_dir, people, self._tell)
            asked = consent.attribute(self._data_dir, people, wish.mailing) if wish.kind in _OF_TRACKING else None
            with transaction(people):
                _prove(means, wish, person)
                if asked is not None:
                    consent.agree(people, person.contact, asked, counted=wish.kind == Wanted.TRACKING, now=wish.at)
            if person.address and wish.kind == Wanted.UNSUBSCRIBE:
                _unsubscribe(means, wish, person)
            elif person.address and wish.kind == Wanted.RESUBSCRIBE:
                come_back(people, self._tell, person.address, wish.type)


def _to_do(connection: sqlite3.Connection) -> Iterator[tuple[int, Wish]]:
    """All that is to be done, in the order in which it was asked."""
    last = 0
    while rows := connection.execute(_TO_DO, (last, CHUNK)).fetchall():
        yield from ((id_, Wish(*rest)) for id_, *rest in rows)
        last = rows[-1][0]


def _figures(connection: sqlite3.Connection, now: float) -> dict[str, float]:
    """What `leaving.figures` is told."""
    wishes, oldest = waiting_in(connection)
    (lost,) = connection.execute("SELECT coalesce(sum(count), 0) FROM lost").fetchone()
    (waiting,) = connection.execute("SELECT waiting FROM memory").fetchone()
    age = max(0.0, now - oldest) if wishes else 0.0
    return {"visits_waiting": waiting, "visits_lost": lost, "wishes": wishes, "oldest": age}


def _prove(means: _Means, wish: Wish, person: Person) -> None:
    """Inside a transaction."""
    kind = Wanted(wish.kind)
    proof = Proof(wish.at, wish.wording, f"{wish.how}, mailing {wish.mailing}", wish.origin)
    subscriptions.note_once(means.people, person.contact, wish.type, _EVENTS[kind], proof)
    known = subscriptions.types(means.people)
    if kind is not Wanted.RESUBSCRIBE or wish.type not in known or known[wish.type].everybody:
        return
    if means.people.execute("SELECT 1 FROM contact WHERE id = ?", (person.contact,)).fetchone():
        # the link came in a mail to that very address: that is the confirmation
        subscriptions.confirm(means.people, person.contact, known[wish.type], proof)


def _unsubscribe(means: _Means, wish: Wish, person: Person) -> None:
    means.tell(
        "leaving.unsubscribe",
        mailing=wish.mailing,
        number=wish.number,
        address=person.address,
        type=wish.type,
        at=wish.at,
        evidence=wish.how,
    )
