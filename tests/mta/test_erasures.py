"""People who were erased are taken out of results of mailings, however long that takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from postduif.config.schema import Queue
from postduif.errors import StoreError
from postduif.mta import erasure_rows
from postduif.mta.erasures import EVERY, REST, Erasures
from postduif.mta.queue_tables import EXTENSIONS
from postduif.queue.store import Store
from tests.fakes import FakeClock

PATIENCE = 60.0  # real seconds


@contextlib.asynccontextmanager
async def a_store(directory: Path, clock: FakeClock) -> AsyncIterator[Store]:
    """One that has the table, closed afterwards."""
    store = Store.open(directory / "queue", Queue(disk_reserve=0), clock, EXTENSIONS)
    try:
        yield store
    finally:
        await store.close()


async def until(true: Callable[[], bool]) -> None:
    """Return once it is so."""
    while not true():  # noqa: ASYNC110  the clock is the test's
        await asyncio.sleep(0.005)


class Slow:
    """Mailings whose files take for ever, or fail at first."""

    def __init__(self, *troubles: Exception | None) -> None:
        """What each look says, in turn; with none, no look ends."""
        self.asked: list[Sequence[str]] = []
        self._troubles = list(troubles)

    async def ended(self) -> frozenset[int]:
        """None."""
        return frozenset()

    async def forget(self, addresses: Sequence[str], but: AbstractSet[int] = frozenset()) -> dict[int, str]:
        """As it was told."""
        assert not but
        self.asked.append(addresses)
        if not self._troubles:
            await asyncio.Event().wait()
        if trouble := self._troubles.pop(0):
            raise trouble
        return {}


def test_what_takes_long_goes_on(tmp_path: Path) -> None:
    """Who erases is answered after a while, and the next daemon goes on where one ended."""
    clock = FakeClock()

    async def story() -> None:
        async with a_store(tmp_path, clock) as store:
            slow = Erasures(store, Slow(), clock, patience=0.01)
            asked = clock.time()
            assert not await slow.forget(["ann@one.example"])
            assert await slow.erasing({}) == {"addresses": 1, "since": asked, "failed": {}}
            await slow.close()
        async with a_store(tmp_path, clock) as store:
            results = Slow(None, None)
            quick = Erasures(store, results, clock, PATIENCE)
            assert await quick.forget([])
            assert await quick.forget(["ben@one.example"])
            assert [one for many in results.asked for one in many] == ["ann@one.example", "ben@one.example"]
            assert await quick.erasing({}) == {"addresses": 0, "since": None, "failed": {}}
            await quick.close()

    asyncio.run(story())


def test_it_is_looked_again_for_a_while_and_then_nothing_is_left(tmp_path: Path) -> None:
    """Every ten seconds for a minute, whatever fails in between; then no file of ours has the address, readable."""
    clock, results = FakeClock(), Slow(None, StoreError("Input/output error"), *[None] * 6)

    async def story() -> None:
        async with a_store(tmp_path, clock) as store, asyncio.timeout(PATIENCE):
            erasures = Erasures(store, results, clock, PATIENCE)
            assert await erasures.forget(["ann@one.example"])
            for looks in range(2, 8):
                await until(lambda: clock.awaited(EVERY))
                clock.advance(EVERY)
                await until(lambda: len(results.asked) == looks)  # noqa: B023
            while await store.questions.ask(erasure_rows.waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await erasures.close()
        assert b"@one.example" not in (tmp_path / "queue" / "queue.sqlite").read_bytes()

    asyncio.run(story())


def test_trouble_is_no_end(tmp_path: Path) -> None:
    """When files cannot be reached for a while, it is tried again, and whoever waits hears of the end."""
    clock, results = FakeClock(), Slow(StoreError("mailings: Input/output error"), None)

    async def story() -> None:
        async with a_store(tmp_path, clock) as store, asyncio.timeout(PATIENCE):
            erasures = Erasures(store, results, clock, PATIENCE)
            waiting = asyncio.create_task(erasures.forget(["ann@one.example"]))
            await until(lambda: clock.awaited(REST))
            clock.advance(REST)
            assert await waiting
            assert results.asked == [["ann@one.example"]] * 2
            await erasures.close()

    asyncio.run(story())
