"""The MTA's side of mailings: takes over their queue files, keeps those open that have something to send, obeys.

A mailing that is paused or at its end is closed: it costs nothing. What it is told (pause, resume, stop, another rate)
is on disk before it is answered, and holds after a crash. Everything here may be done again without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from postduif import log
from postduif.attempt import Kind
from postduif.clock import Clock
from postduif.config.schema import Queue
from postduif.errors import StoreError
from postduif.mta.suppressions import Suppressions
from postduif.queue import mailing, recovery
from postduif.queue.condition import Condition
from postduif.queue.connection import FILE_NAME, connect_reader, connect_writer
from postduif.queue.forgetting import forget
from postduif.queue.journal import Line, Question, lines
from postduif.queue.mailing import PAUSED, STOPPED, WAVE, Terms, stream_of
from postduif.queue.store import Store
from postduif.queue.stores import Stores

T = TypeVar("T")

MOST_OPEN = 10
"""Mailings that are sent at a time, each with a process of its own that writes its file. The others wait their turn."""
ENDED = "ended"
"""A file of this name beside the queue file: nothing waits in it, so it need not be looked into."""
MOST_ASKED = 100
"""Mailings that are looked through for what is asked of a person, the latest."""
FORGETTING = 60.0  # seconds
_RETURNED = {kind.value for kind in (Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.ANSWERED)}
_SHARE = 4  # a mailing's part of queue.max_leased and queue.max_body_memory
_FOR_EVER = 100 * 365 * 86400.0


class Standing(NamedTuple):
    """What a closed file says of its mailing."""

    waiting: bool
    paused: bool
    stopped: bool
    terms: Terms


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
        self._to_forget: list[tuple[float, list[str]]] = []
        self._used: Counter[int] = Counter()
        self._changing = asyncio.Lock()
        self._complaints: dict[int, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Open what has something to send, close what has not. To be called every few seconds."""
        self._to_forget = [one for one in self._to_forget if one[0] > self._clock.monotonic()]
        for _, addresses in self._to_forget:
            await self._forget(addresses)
        async with self._changing:
            await self._close_idle()
            for number in await asyncio.to_thread(_not_ended, self._data_dir / mailing.FOLDER):
                if len(self._open) >= MOST_OPEN or self._closing:
                    break
                if number not in self._open:
                    await self._try(number)

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
            await store.do(_write_terms, terms)
            if number in self._open:
                self._stores.change(stream_of(number), terms)

    async def terms(self, number: int) -> Terms:
        """How it is sent."""
        return (await asyncio.to_thread(_standing, self._path(number))).terms

    def knows(self, number: int) -> bool:
        """It was handed over, and its file is still there."""
        return (mailing.directory_of(self._data_dir, number) / FILE_NAME).exists()

    async def do(self, number: int, function: Callable[..., T], *arguments: Any) -> T:
        """Change what is in its file, in a transaction: for what comes back after it has ended."""
        async with self._changing:
            if (store := self._open.get(number)) is not None:
                return await store.do(function, *arguments)
            return await asyncio.to_thread(_write, self._path(number), function, arguments)

    async def forget(self, addresses: Sequence[str]) -> None:
        """Take people who were erased out of the results of all mailings. Raises StoreError.

        For a while it is done again: who still waits for a mailing leaves it now, with a row that names him.
        """
        self._to_forget.append((self._clock.monotonic() + FORGETTING, list(addresses)))
        await self._forget(list(addresses))

    async def _forget(self, addresses: list[str]) -> None:
        for number in await asyncio.to_thread(_numbers, self._data_dir / mailing.FOLDER):
            await self.do(number, forget, addresses)

    async def ask(self, number: int, query: Callable[..., T], *arguments: Any) -> T:
        """Read its file: `query(connection, *arguments)`."""
        return await asyncio.to_thread(_read, self._path(number), query, arguments)

    async def journal(self, question: Question, limit: int) -> list[Line]:
        """What the latest mailings have on that, each at most `limit` lines. A file that cannot be read is left out."""
        numbers = await asyncio.to_thread(_numbers, self._data_dir / mailing.FOLDER)
        if question.message:
            numbers = [number for number in numbers if number == question.message]
        found: list[Line] = []
        for number in numbers[-MOST_ASKED:]:
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
        async with self._changing:
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
            standing = await asyncio.to_thread(_standing, self._path(number))
            self._suppressions.types_of_mailings[stream_of(number)] = standing.terms.mail_type
            if not standing.waiting:
                await asyncio.to_thread(_mark_ended, self._path(number))
            elif standing.stopped or not standing.paused:
                await self._begin(number)
            self._complaints.pop(number, None)
        except StoreError as error:
            if self._complaints.get(number) != str(error):
                self._complaints[number] = str(error)
                log.error("mailing_not_opened", mailing=number, error=error, remedy="it is tried again within seconds")

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
        store = Store(opened, self._settings, self._clock)
        terms = await store.questions.ask(mailing.read_terms)
        self._suppressions.types_of_mailings[stream_of(number)] = terms.mail_type
        self._open[number] = store
        self._stores.add(stream_of(number), store, terms)
        log.info("mailing_opened", mailing=number, waiting=store.stats.queued)
        if _held_by(store, STOPPED):
            self._withdraw(number, store)

    async def _close_idle(self) -> None:
        for number, store in list(self._open.items()):
            withdrawing = number in self._withdrawing
            idle = not store.stats.queued or (_held_by(store, PAUSED) and not _held_by(store, STOPPED))
            if idle and not withdrawing and not self._used[number] and not store.stats.leased:
                await self._to_the_end(self._close(number))
                log.info("mailing_closed", mailing=number, waiting=store.stats.queued)

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


def _numbers(folder: Path) -> list[int]:
    """Of all that were handed over, the oldest first."""
    try:
        return sorted(int(one.name) for one in folder.iterdir() if one.name.isdigit())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from None


def forget_in_files(data_dir: Path, addresses: Sequence[str]) -> None:
    """The same as `Mailings.forget`, while no daemon runs. Raises StoreError."""
    for number in _numbers(data_dir / mailing.FOLDER):
        _write(mailing.directory_of(data_dir, number) / FILE_NAME, forget, (list(addresses),))


def _not_ended(folder: Path) -> list[int]:
    """Those of them that may have something to send."""
    return [number for number in _numbers(folder) if not (folder / str(number) / ENDED).exists()]


def _standing(path: Path) -> Standing:
    def look(connection: sqlite3.Connection) -> Standing:
        waiting = connection.execute("SELECT 1 FROM recipient LIMIT 1").fetchone() is not None
        owners = {owner for (owner,) in connection.execute("SELECT DISTINCT owner FROM hold")}
        return Standing(waiting, PAUSED in owners, STOPPED in owners, mailing.read_terms(connection))

    return _read(path, look, ())


def _mark_ended(path: Path) -> None:
    try:
        path.with_name(ENDED).touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path.parent}: {error.strerror}") from None


def _read(path: Path, query: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    try:
        with contextlib.closing(connect_reader(path)) as connection:
            return query(connection, *arguments)
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from None


def _write(path: Path, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    try:
        with contextlib.closing(connect_writer(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            result = function(connection, *arguments)
            connection.execute("COMMIT")
            return result
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be written: {error}") from None


def _write_terms(connection: sqlite3.Connection, terms: Terms) -> None:
    mailing.write_terms(connection, terms)
