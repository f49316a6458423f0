"""The MTA's side of mailings: takes over their queue files, keeps those open that have something to send, obeys.

A mailing that is paused or at its end is closed: it costs nothing. What it is told (pause, resume, stop, another rate)
is on disk before it is answered, and holds after a crash. Everything here may be done again without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, TypeVar

from postduif import log
from postduif.attempt import Kind
from postduif.clock import Clock
from postduif.config.schema import Queue
from postduif.errors import StoreError
from postduif.mta.mailing_files import (
    ended,
    forget_in_file,
    forget_prepared,
    looked_into,
    mark_ended,
    not_ended,
    numbers,
    read,
    write,
)
from postduif.mta.suppressions import Suppressions
from postduif.queue import mailing, recovery
from postduif.queue.condition import Condition
from postduif.queue.connection import FILE_NAME
from postduif.queue.forgetting import forget
from postduif.queue.journal import Line, Question, lines
from postduif.queue.mailing import PAUSED, STOPPED, WAVE, Terms, stream_of
from postduif.queue.mailing_standing import Standing
from postduif.queue.store import Store
from postduif.queue.stores import Stores

T = TypeVar("T")

MOST_OPEN = 20
"""Mailings that are sent at a time, each with a process of its own that writes its file. The others wait their turn."""
MOST_ASKED = 100
"""Mailings that are looked through for what is asked of a person, the latest."""
_RETURNED = {kind.value for kind in (Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.ANSWERED)}
NAP = 60.0
"""Seconds for which one is closed that has nothing to send, when there are others."""
_SHARE = 4  # a mailing's part of queue.max_leased and queue.max_body_memory
_FOR_EVER = 100 * 365 * 86400.0


class Mailings:
    """Methods are called on the event loop's thread. Raises StoreError."""

    def __init__(
        self, stores: Stores, suppressions: Suppressions, data_dir: Path, settings: Queue, clock: Clock
    ) -> None:
        self._stores = stores
        self._suppressions = suppressions
        self._data_dir = data_dir
        self._settings = settings.model_copy(
            update={
                "max_leased": max(100, settings.max_leased // _SHARE),
                "max_body_memory": settings.max_body_memory // _SHARE,
                "journal_retention": _FOR_EVER,  # it is the mailing's result
            }
        )
        self._clock = clock
        self._open: dict[int, Store] = {}
        self._withdrawing: dict[int, asyncio.Task[None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._closing = False
        self._used: Counter[int] = Counter()
        self._locks: dict[int, asyncio.Lock] = {}
        self._asleep: dict[int, float] = {}
        """Those that were closed for want of something to send, and until when, monotonic seconds."""
        self._complaints: dict[int, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Open what has something to send, close what has not. To be called every few seconds."""
        for number in list(self._open):
            async with self._lock(number):
                await self._see_to(number)
        folder, now = self._data_dir / mailing.FOLDER, self._clock.monotonic()
        waiting = [one for one in await asyncio.to_thread(not_ended, folder) if self._asleep.get(one, 0.0) <= now]
        for number in sorted(waiting, key=lambda one: self._asleep.get(one, 0.0)):
            if self._closing:
                return
            if len(self._open) >= MOST_OPEN and not await self._make_room():
                return
            async with self._lock(number):
                if number not in self._open:
                    await self._try(number)

    async def _see_to(self, number: int) -> None:
        """Close it when there is nothing to do for it; go on with what was begun and failed."""
        store = self._open.get(number)
        if store is None:
            return
        stopped = _held_by(store, STOPPED)
        if not store.stats.queued or (_held_by(store, PAUSED) and not stopped):
            await self._close_idle(number, store)
        elif stopped:
            self._withdraw(number, store)

    async def _make_room(self) -> bool:
        """Others wait: close one that has nothing to send for a while. It is looked at again then, in its turn."""
        now = self._clock.time()
        for number, store in list(self._open.items()):
            due = store.next_due()
            if (due is None or due > now + NAP) and not _held_by(store, STOPPED):
                self._asleep[number] = self._clock.monotonic() + NAP
                async with self._lock(number):
                    if await self._close_idle(number, store):
                        return True
        return False

    async def _close_idle(self, number: int, store: Store) -> bool:
        if number in self._withdrawing or self._used[number] or store.stats.leased or number not in self._open:
            return False
        await self._to_the_end(self._close(number))
        log.info("mailing_closed", mailing=number, waiting=store.stats.queued)
        return True

    def _lock(self, number: int) -> asyncio.Lock:
        """Whoever opens or closes it has this."""
        return self._locks.setdefault(number, asyncio.Lock())

    def look_soon(self) -> None:
        """The same, by a task."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Close all; delivery has given everything back."""
        self._closing = True
        for task in self._withdrawing.values():
            task.cancel()
        looking = [self._looking] if self._looking else []
        await asyncio.gather(*self._withdrawing.values(), *self._under_way, *looking, return_exceptions=True)
        for number in list(self._open):
            await self._close(number)

    # --- what it is told

    async def pause(self, number: int) -> None:
        """Begin no message more."""
        async with self._opened(number) as store:
            if not _held_by(store, PAUSED) and not _held_by(store, STOPPED):
                await store.hold(Condition(stream=stream_of(number)), PAUSED, "paused")

    async def resume(self, number: int) -> None:
        """Go on, if it is not stopped."""
        async with self._opened(number) as store:
            if _held_by(store, STOPPED):
                raise StoreError(f"mailing {number} is stopped, and that is final; make a new one for those left")
            for hold in [one for one in store.holds() if one.owner == PAUSED]:
                await store.end_hold(hold)

    async def stop(self, number: int) -> int:
        """End it for good: what waits is withdrawn, each with its row in the journal. Returns how many wait now."""
        async with self._opened(number) as store:
            if not _held_by(store, STOPPED):
                await store.hold(Condition(stream=stream_of(number)), STOPPED, "stopped")
            self._withdraw(number, store)
            return store.stats.queued

    async def release_wave(self, number: int, wave: int) -> None:
        """Let a wave go now that waits for a word."""
        async with self._opened(number) as store:
            for hold in [one for one in store.holds() if one.owner == WAVE and one.id == wave]:
                await store.end_hold(hold)

    async def change(self, number: int, terms: Terms) -> None:
        """Send it otherwise from now on."""
        async with self._opened(number) as store:
            await store.do(mailing.write_terms, terms)
            if number in self._open:
                self._stores.change(stream_of(number), terms)

    async def terms(self, number: int) -> Terms:
        """How it is sent."""
        return (await asyncio.to_thread(looked_into, self._path(number)))[1]

    def knows(self, number: int) -> bool:
        """It was handed over, and its file is still there."""
        return (mailing.directory_of(self._data_dir, number) / FILE_NAME).exists()

    async def do(self, number: int, function: Callable[..., T], *arguments: Any) -> T:
        """Change what is in its file, in a transaction: for what comes back after it has ended."""
        async with self._lock(number):
            if (store := self._open.get(number)) is not None:
                return await store.do(function, *arguments)
            return await asyncio.to_thread(write, self._path(number), function, arguments)

    async def ended(self) -> frozenset[int]:
        """Those that nobody opens to send them any more."""
        return frozenset(await asyncio.to_thread(ended, self._data_dir / mailing.FOLDER))

    async def forget(self, addresses: Sequence[str], but: AbstractSet[int] = frozenset()) -> dict[int, str]:
        """Take people who were erased out of the results of all mailings but those, and out of those that wait, closed,
        to go. Returns which could not be written, and why.

        Who is in one that goes on leaves it now, with a row that names him: it is to be done again a little later.
        """
        now, failed = self._clock.time(), {}
        for number in await asyncio.to_thread(numbers, self._data_dir / mailing.FOLDER):
            if number not in but:
                try:
                    await self._forget(number, addresses, now)
                except StoreError as error:
                    failed[number] = str(error)
        return failed | await asyncio.to_thread(forget_prepared, self._data_dir, addresses, now)

    async def _forget(self, number: int, addresses: Sequence[str], now: float) -> None:
        async with self._lock(number):
            if (store := self._open.get(number)) is not None:
                await store.do(forget, addresses)
            else:
                path = mailing.directory_of(self._data_dir, number) / FILE_NAME
                await asyncio.to_thread(forget_in_file, path, addresses, now)

    async def ask(self, number: int, query: Callable[..., T], *arguments: Any) -> T:
        """Read its file: `query(connection, *arguments)`."""
        return await asyncio.to_thread(read, self._path(number), query, arguments)

    async def journal(self, question: Question, limit: int) -> list[Line]:
        """What the latest mailings have on that, each at most `limit` lines. A file that cannot be read is left out."""
        known = await asyncio.to_thread(numbers, self._data_dir / mailing.FOLDER)
        if question.message:
            known = [number for number in known if number == question.message]
        found: list[Line] = []
        for number in known[-MOST_ASKED:]:
            with contextlib.suppress(StoreError):
                # what came back is in the main journal, too, where it is found already
                found += [one for one in await self.ask(number, lines, question, limit) if one.kind not in _RETURNED]
        return found

    # --- inside

    def _path(self, number: int) -> Path:
        path = mailing.directory_of(self._data_dir, number) / FILE_NAME
        if not path.exists():
            raise StoreError(f"there is no mailing {number} here; hand it over first: postduif mailing send {number}")
        return path

    async def _look(self) -> None:
        try:
            await self.look()
        except StoreError as error:
            log.error("mailings_not_read", error=error, remedy="it is tried again within seconds")

    @contextlib.asynccontextmanager
    async def _opened(self, number: int) -> AsyncIterator[Store]:
        """Its store, opened for this if need be."""
        async with self._lock(number):
            if number not in self._open:
                self._path(number)
                await self._begin(number)
            self._used[number] += 1
        try:
            yield self._open[number]
        finally:
            self._used[number] -= 1
            self.look_soon()

    async def _try(self, number: int) -> None:
        try:
            if (found := await self._looked_into(number)) is None:
                await self._begin(number)  # which sees what can be saved of it
            elif not found.waiting:
                await asyncio.to_thread(mark_ended, self._path(number))
            elif found.stopped or not found.paused:
                await self._begin(number)
            self._complaints.pop(number, None)
        except StoreError as error:
            if self._complaints.get(number) != str(error):
                self._complaints[number] = str(error)
                log.error("mailing_not_opened", mailing=number, error=error, remedy="it is tried again within seconds")

    async def _looked_into(self, number: int) -> Standing | None:
        """How a closed one stands; None when it cannot be read."""
        try:
            found, terms = await asyncio.to_thread(looked_into, self._path(number))
        except StoreError:
            return None
        self._suppressions.types_of_mailings[stream_of(number)] = terms.mail_type
        return found

    async def _begin(self, number: int) -> None:
        await self._to_the_end(self._take_up(number))

    async def _to_the_end(self, work: Coroutine[object, object, None]) -> None:
        """Whoever waits for it may be cancelled; a file is opened or closed altogether."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)

    async def _take_up(self, number: int) -> None:
        directory = mailing.directory_of(self._data_dir, number)
        opened = await asyncio.to_thread(recovery.open_queue, directory, self._clock, (mailing.EXTENSION,))
        try:
            store = await asyncio.to_thread(Store, opened, self._settings, self._clock)
        except BaseException:
            opened.lock.release()
            raise
        try:
            terms = await self._terms_of(number, store)
        except BaseException:
            await store.close()
            raise
        self._suppressions.types_of_mailings[stream_of(number)] = terms.mail_type
        self._open[number] = store
        self._asleep.pop(number, None)
        self._stores.add(stream_of(number), store, terms)
        log.info("mailing_opened", mailing=number, waiting=store.stats.queued)
        if _held_by(store, STOPPED):
            self._withdraw(number, store)

    async def _terms_of(self, number: int, store: Store) -> Terms:
        """Without them nobody knows what those who unsubscribed are asked for: it waits for a person."""
        terms = await store.questions.ask(mailing.read_terms)
        if terms is not None:
            return terms
        if not _held_by(store, PAUSED):
            await store.hold(
                Condition(stream=stream_of(number)), PAUSED, "its file was damaged, and its terms are lost"
            )
        log.error("mailing_terms_lost", mailing=number, remedy="stop it, and make a new one for those left")
        return Terms()

    async def _close(self, number: int) -> None:
        store = self._open.pop(number)
        self._stores.remove(stream_of(number))
        await store.close()

    def _withdraw(self, number: int, store: Store) -> None:
        if number not in self._withdrawing:
            task = self._withdrawing[number] = asyncio.create_task(_withdraw_all(number, store))
            task.add_done_callback(lambda _: self._withdrawing.pop(number, None))


async def _withdraw_all(number: int, store: Store) -> None:
    try:
        count = await store.delete(Condition(all=True), "the mailing was stopped")
    except StoreError as error:
        log.error("withdrawal put off", mailing=number, error=error, remedy="it is made again at the next start")
    else:
        log.info("mailing_withdrawn", mailing=number, recipients=count)


def _held_by(store: Store, owner: str) -> bool:
    return any(hold.owner == owner for hold in store.holds())
