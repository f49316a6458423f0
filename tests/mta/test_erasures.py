"""People who were erased are taken out of results of mailings, however long that takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from postduif.config.schema import Queue
from postduif.errors import StoreError
from postduif.mta.erasures import REST, Erasures
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


def test_what_takes_long_goes_on(tmp_path: Path) -> None:
    """Who erases is answered after a while; the next daemon goes on where one ended, and nothing readable is left."""
    clock, taken = FakeClock(), list[str]()

    async def for_ever(_: Sequence[str]) -> None:
        await asyncio.Event().wait()

    async def at_once(addresses: Sequence[str]) -> None:
        taken.extend(addresses)

    async def story() -> None:
        async with a_store(tmp_path, clock) as store:
            slow = Erasures(store, for_ever, clock, patience=0.01)
            asked = clock.time()
            assert not await slow.forget(["ann@one.example"])
            assert await slow.erasing({}) == {"addresses": 1, "since": asked}
            await slow.close()
        async with a_store(tmp_path, clock) as store:
            quick = Erasures(store, at_once, clock, PATIENCE)
            assert await quick.forget([])
            assert await quick.forget(["ben@one.example"])
            assert taken == ["ann@one.example", "ben@one.example"]
            assert await quick.erasing({}) == {"addresses": 0, "since": None}
            await quick.close()
        assert b"@one.example" not in (tmp_path / "queue" / "queue.sqlite").read_bytes()

    asyncio.run(story())


def test_trouble_is_no_end(tmp_path: Path) -> None:
    """When files cannot be reached for a while, it is tried again, and whoever waits hears of the end."""
    clock, tries = FakeClock(), list[Sequence[str]]()

    async def fails_once(addresses: Sequence[str]) -> None:
        tries.append(addresses)
        if len(tries) == 1:
            raise StoreError("mailings: Input/output error")

    async def story() -> None:
        async with a_store(tmp_path, clock) as store, asyncio.timeout(PATIENCE):
            erasures = Erasures(store, fails_once, clock, PATIENCE)
            waiting = asyncio.create_task(erasures.forget(["ann@one.example"]))
            while not (tries and clock.awaited(REST)):  # noqa: ASYNC110  the clock is the test's
                await asyncio.sleep(0.005)
            clock.advance(REST)
            assert await waiting
            assert tries == [["ann@one.example"]] * 2
            await erasures.close()

    asyncio.run(story())
