"""Keeps mail from those who are on the suppression list: looked at when it is leased, taken out when they get there.

What is refused ends with an outcome of its own, in the journal and, as with any failure, for its sender. What waits
on disk for what a pattern means, or for an address with capitals beyond ASCII, is looked at when it is leased.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

from postduif import log
from postduif.attempt import Attempt, Kind
from postduif.bounce.subject import address_of, is_pattern
from postduif.clock import Clock
from postduif.envelope import Entry
from postduif.errors import StoreError
from postduif.mta.ledger import Ledger
from postduif.mta.route import Route
from postduif.mta.sites import Destination
from postduif.mta.suppressions import Suppressions
from postduif.queue.store import Outcome
from postduif.queue.stores import Stores
from postduif.reply import Reply

CHUNK = 1000  # recipients of one look through the queue
PAUSE = 0.5  # seconds between looks through the queue: what gathers meanwhile goes into the next
UNREADABLE = 1.0  # seconds that suspects are kept when the list cannot be read; given back they are leased at once


class Exclusion:
    """Methods are called on the event loop's thread."""

    def __init__(
        self,
        store: Stores,
        suppressions: Suppressions,
        ledger: Ledger,
        clock: Clock,
        routes: Mapping[Destination, Route],
        spawn: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """On `routes` there is what is in memory, ready to go; `spawn` runs what takes time."""
        self._store = store
        self._suppressions = suppressions
        self._ledger = ledger
        self._clock = clock
        self._routes = routes
        self._spawn = spawn
        self._refused: set[str] = set()
        suppressions.on_refused = self._refuse

    def suspects(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that must be looked up (`allowed`) before they may go. Touches no disk."""
        suspect = self._suppressions.suspect
        return [entry for entry in entries if suspect(entry.recipient.address)]

    async def allowed(self, suspects: Sequence[Entry]) -> list[Entry]:
        """Those of them that may go; the others get their end.

        Raises StoreError, after a while; then the leases have ended of those that have not got their end.
        """
        allowed: list[Entry] = []
        unread: dict[str, list[Entry]] = {}
        for entry in suspects:
            unread.setdefault(entry.envelope.stream, []).append(entry)
        try:
            while unread:
                stream, entries = next(iter(unread.items()))
                refusals = await self._suppressions.refusals((one.recipient.address for one in entries), stream)
                del unread[stream]
                self._end(
                    [(one, refusals[one.recipient.address]) for one in entries if one.recipient.address in refusals]
                )
                allowed += [one for one in entries if one.recipient.address not in refusals]
        except StoreError:
            try:
                await self._clock.sleep(UNREADABLE)
            finally:
                self._store.release([*allowed, *(one for entries in unread.values() for one in entries)])
            raise
        return allowed

    def _refuse(self, subjects: Iterable[str]) -> None:
        if not self._refused:
            self._spawn(self._take_out_all())
        self._refused.update(subjects)

    async def _take_out_all(self) -> None:
        """End what waits for those who were refused, and for those who are meanwhile."""
        while self._refused:
            subjects = set(self._refused)
            try:
                if await self._take_out(subjects):
                    self._refused -= subjects
            except StoreError as error:
                log.error("suppressed mail still queued", error=error, remedy="it is looked for again")
            await self._clock.sleep(PAUSE)

    async def _take_out(self, subjects: set[str]) -> bool:
        """False: memory had no room for all of it."""
        allowed: list[Entry] = []  # given back at the end, or they would be found again
        try:
            await self._take_out_ready(allowed)
            addresses = {str(address_of(subject)) for subject in subjects if not is_pattern(subject)}
            while addresses:
                limit = min(CHUNK, self._store.room)
                entries = await self._store.lease_of(addresses, limit)
                allowed += await self.allowed(entries)
                if len(entries) < limit:
                    break
                if limit < CHUNK:
                    return False
        finally:
            self._store.release(allowed)
        return True

    async def _take_out_ready(self, allowed: list[Entry]) -> None:
        """Look at what is ready on Routes, some at a time; what may go nevertheless is added to `allowed`."""
        looked_at = 0
        for route in list(self._routes.values()):
            looked_at += route.ready.recipients + 1
            ready = route.ready.take_out(lambda entry: self._suppressions.suspect(entry.recipient.address))
            allowed += await self.allowed(ready)
            if looked_at >= CHUNK:
                looked_at = 0
                await asyncio.sleep(0)

    def _end(self, refused: Sequence[tuple[Entry, Reply]]) -> None:
        now = self._clock.time()
        self._ledger.record(
            [
                Outcome(entry, Attempt(Kind.SUPPRESSED, reply, now, category="suppressed"), None)
                for entry, reply in refused
            ]
        )
