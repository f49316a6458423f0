"""The main queue file and those of mailings that are being sent, behind one face: what delivery leases from.

An entry belongs to the store of its stream. What holds whole scheduled queues in the main file holds those of mailings
too. A mailing's rate is kept here: who asks for more gets less, and is told of again when there is more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from postduif import log
from postduif.clock import Clock
from postduif.envelope import Entry, Envelope, Message
from postduif.errors import StoreError
from postduif.queue.allowance import Allowance
from postduif.queue.mailing import Terms
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Store


class _Mailing:
    __slots__ = ("rate", "starved", "store", "terms")

    def __init__(self, store: Store, terms: Terms) -> None:
        self.store = store
        self.terms = terms
        self.rate = Allowance(terms.rate)
        self.starved: dict[QueueKey, None] = {}
        """Scheduled queues that wanted more than the rate allows."""


class Stores:
    """Methods are called on the event loop's thread. They raise what those of `Store` do."""

    def __init__(self, main: Store, clock: Clock) -> None:
        self.main = main
        self._clock = clock
        self._mailings: dict[str, _Mailing] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._dead = asyncio.Event()
        self.on_added: Callable[[], None] = lambda: None
        """Called when a mailing is there, perhaps with very many scheduled queues that are due."""

    # --- which

    def __iter__(self) -> Iterator[Store]:
        """All that are open, the main one first."""
        yield self.main
        for one in list(self._mailings.values()):
            yield one.store

    def of(self, stream: str) -> Store:
        """The one that mail of this stream is in."""
        mailing = self._mailings.get(stream)
        return self.main if mailing is None else mailing.store

    def terms(self, stream: str) -> Terms:
        """How that stream is sent; the ordinary terms, under its own name, when it is no mailing."""
        mailing = self._mailings.get(stream)
        return Terms(stream) if mailing is None else mailing.terms

    def add(self, stream: str, store: Store, terms: Terms) -> None:
        """A mailing's store is open; it is told of what is due."""
        self._mailings[stream] = _Mailing(store, terms)
        self._watches[stream] = asyncio.create_task(self._watch(store))
        store.on_due = self._call
        self.on_added()

    def change(self, stream: str, terms: Terms) -> None:
        """Other terms hold from now on."""
        mailing = self._mailings[stream]
        mailing.terms = terms
        mailing.rate = Allowance(terms.rate)

    def remove(self, stream: str) -> None:
        """Its store is about to be closed: nothing of it is leased."""
        self._watches.pop(stream).cancel()
        del self._mailings[stream]

    @property
    def on_due(self) -> Callable[[QueueKey], None]:
        """See `Store.on_due`; it is told of all stores."""
        return self.main.on_due

    @on_due.setter
    def on_due(self, told: Callable[[QueueKey], None]) -> None:
        self.main.on_due = told

    def _call(self, key: QueueKey) -> None:
        self.main.on_due(key)

    # --- health

    @property
    def queued(self) -> int:
        """Recipients in all that are open."""
        return sum(store.stats.queued for store in self)

    @property
    def leased(self) -> int:
        """Those of them that are in somebody's hands."""
        return sum(store.stats.leased for store in self)

    async def died(self) -> None:
        """See `Store.died`; one is enough."""
        watch = asyncio.create_task(self._watch(self.main))
        try:
            await self._dead.wait()
        finally:
            watch.cancel()

    async def _watch(self, store: Store) -> None:
        await store.died()
        self._dead.set()

    # --- the road

    def _held(self, key: QueueKey) -> bool:
        """By an order in the main file, if it is a mailing's."""
        return bool(self._mailings) and key.stream in self._mailings and self.main.covers(key)

    async def lease(self, key: QueueKey, limit: int) -> list[Entry]:
        """See `Store.lease`."""
        mailing = self._mailings.get(key.stream)
        if mailing is None:
            return await self.main.lease(key, limit)
        if self.main.covers(key) or not (limit := self._allowed(mailing, key, limit)):
            return []
        entries = await mailing.store.lease(key, limit)
        mailing.rate.give_back(limit - len(entries))
        return entries

    def lease_fresh(self, key: QueueKey, limit: int) -> list[Entry]:
        """See `Store.lease_fresh`. Of a mailing only what was given back is fresh: its rate has counted it."""
        return [] if self._held(key) else self.of(key.stream).lease_fresh(key, limit)

    def _allowed(self, mailing: _Mailing, key: QueueKey, limit: int) -> int:
        allowed = mailing.rate.take(self._clock.monotonic(), limit)
        if not allowed:
            mailing.starved[key] = None
        return allowed

    async def lease_expired(self, limit: int, before: float) -> list[Entry]:
        """See `Store.lease_expired`. A mailing whose file cannot be read is passed over."""
        for store in self:
            with self._alone(store):
                if entries := await store.lease_expired(limit, before):
                    return entries
        return []

    async def lease_of(self, addresses: Iterable[str], limit: int) -> list[Entry]:
        """See `Store.lease_of`. A mailing whose file cannot be read is passed over."""
        asked, entries = list(addresses), list[Entry]()
        for store in self:
            with self._alone(store):
                if len(entries) < limit:
                    entries += await store.lease_of(asked, limit - len(entries))
        return entries

    @property
    def room(self) -> int:
        """How many more may be leased of the one with the most room."""
        return max(store.room for store in self)

    def release(self, entries: Iterable[Entry]) -> None:
        """See `Store.release`."""
        for stream, group in groupby(entries, _stream):
            self.of(stream).release(group)

    def recalled(self, entry: Entry) -> bool:
        """See `Store.recalled`."""
        key = QueueKey(entry.envelope.stream, entry.recipient.address.domain)
        return self.of(key.stream).recalled(entry) or self._held(key)

    async def content(self, envelope: Envelope) -> Message:
        """The content of that message. See `Store.content`."""
        return await self.of(envelope.stream).content(envelope.id)

    # --- when

    def due(self, now: float) -> list[QueueKey]:
        """See `Store.due`."""
        return [key for store in self for key in store.due(now)]

    def came_due(self, now: float) -> list[QueueKey]:
        """See `Store.came_due`; with those that a rate lets go on."""
        return [key for store in self for key in store.came_due(now)] + self._fed()

    def _fed(self) -> list[QueueKey]:
        fed: list[QueueKey] = []
        for mailing in self._mailings.values():
            if mailing.starved and not mailing.rate.wait(self._clock.monotonic()):
                fed += self._first(mailing)
        return fed

    def _first(self, mailing: _Mailing) -> list[QueueKey]:
        """As many of those that starve as have something to share; they come in turn."""
        count = max(1, mailing.rate.left(self._clock.monotonic()))
        first = [key for key, _ in zip(mailing.starved, range(count), strict=False)]
        for key in first:
            del mailing.starved[key]
        return first

    def waits_on_disk(self, key: QueueKey) -> bool:
        """See `Store.waits_on_disk`."""
        return not self._held(key) and self.of(key.stream).waits_on_disk(key)

    def next_due(self) -> float | None:
        """See `Store.next_due`."""
        times = [due for store in self if (due := store.next_due()) is not None]
        monotonic, now = self._clock.monotonic(), self._clock.time()
        times += [now + one.rate.wait(monotonic) for one in self._mailings.values() if one.starved]
        return min(times, default=None)

    async def tidy(self) -> None:
        """See `Store.tidy`."""
        for store in self:
            with self._alone(store):
                await store.tidy()

    @contextlib.contextmanager
    def _alone(self, store: Store) -> Iterator[None]:
        """What is wrong with the file of one mailing is no matter of the others. Raises StoreError of the main one."""
        try:
            yield
        except StoreError as error:
            if store is self.main:
                raise
            log.error("mailing_file_failed", error=error, remedy="see the disk's own errors; other mail goes on")


def _stream(entry: Entry) -> str:
    return entry.envelope.stream
