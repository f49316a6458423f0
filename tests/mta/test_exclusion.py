"""What is suspected is looked up before it goes; what cannot be looked up is neither lost nor ended twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from postduif.address import NULL_SENDER, parse
from postduif.bounce.address_state import Event, What
from postduif.bounce.subject import of_address
from postduif.bounce.suppression import record
from postduif.bounce.suppression_file import lookup
from postduif.config.schema import Config, Queue
from postduif.envelope import Envelope, Message, Recipient
from postduif.errors import StoreError
from postduif.mta.exclusion import UNREADABLE, Exclusion
from postduif.mta.ledger import Ledger
from postduif.mta.queue_tables import EXTENSIONS
from postduif.mta.suppressions import Suppressions
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Store
from postduif.queue.stores import Stores
from tests.fakes import FakeClock


class Scene(NamedTuple):
    """What keeps mail from those who are on the list, over a store of its own."""

    store: Store
    suppressions: Suppressions
    exclusion: Exclusion
    ledger: Ledger
    clock: FakeClock

    async def put(self, address: str, stream: str = "default") -> None:
        """A mail for somebody."""
        now = self.clock.time()
        envelope = Envelope(
            NULL_SENDER, [Recipient(parse(address))], stream=stream, received_at=now, expires_at=now + 9e5
        )
        await self.store.put(envelope, Message(b"hello\r\n"))

    async def enter(self, address: str) -> None:
        """Put somebody on the list."""
        event = Event(of_address(parse(address)), What.ENTRY, self.clock.time(), "me", reason="asked")
        await self.suppressions.change(record, [event], self.suppressions.thresholds, self.suppressions.secret)

    async def until(self, true: Callable[[], bool]) -> None:
        """Let time go on until something is so."""
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.01)
                self.clock.advance(1.0)


@asynccontextmanager
async def a_scene(directory: Path) -> AsyncIterator[Scene]:
    """Nothing is in it yet."""
    config = Config.model_validate({"server": {"hostname": "mta.example.org", "data_dir": str(directory)}})
    clock = FakeClock()
    store = Store.open(directory, Queue(disk_reserve=0), clock, EXTENSIONS)
    tasks: set[asyncio.Task[None]] = set()

    def spawn(coroutine: Coroutine[object, object, None]) -> None:
        tasks.add(asyncio.create_task(coroutine))

    try:
        suppressions = await Suppressions.load(store, config, clock)
        stores = Stores(store, clock)
        ledger = Ledger(lambda: config, stores, suppressions, clock, lambda due: None)
        yield Scene(store, suppressions, Exclusion(stores, suppressions, ledger, clock, {}, spawn), ledger, clock)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await store.close()


def test_a_list_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suspects are kept for a while and then given back, but for those whose end is on its way."""

    async def story() -> None:
        async with a_scene(tmp_path) as scene:
            await scene.enter("bob@b.example")
            for stream in ("one", "two"):
                await scene.put("bob@b.example", stream)
            suspects = [
                *await scene.store.lease(QueueKey("one", "b.example"), 1),
                *await scene.store.lease(QueueKey("two", "b.example"), 1),
            ]
            read, asked = scene.store.questions.ask, []

            async def once(function: Callable[..., object], *arguments: object) -> object:
                asked.append(function)
                if asked.count(lookup) == 2:
                    raise StoreError("the disk says no")
                return await read(function, *arguments)

            monkeypatch.setattr(scene.store.questions, "ask", once)
            looking = asyncio.create_task(scene.exclusion.allowed(suspects))
            for _ in range(500):
                if scene.clock.awaited(UNREADABLE):
                    break
                await asyncio.sleep(0.01)
            assert not await scene.store.lease(QueueKey("two", "b.example"), 1)
            scene.clock.advance(UNREADABLE)
            with pytest.raises(StoreError):
                await looking
            assert not await scene.store.lease(QueueKey("one", "b.example"), 1)
            again = await scene.store.lease(QueueKey("two", "b.example"), 1)
            assert again == suspects[1:]
            assert await scene.exclusion.allowed(again) == []
            await scene.ledger.settled(5.0)
            assert scene.store.stats.queued == 0

    asyncio.run(story())


@pytest.mark.parametrize("address", ["a*b@b.example", '"a b"@b.example', "Bob@b.example", "b\u00f6b@b.example"])
def test_however_it_is_written(tmp_path: Path, address: str) -> None:
    """Mail that waits for somebody is found though the list writes his address in its own way."""

    async def story() -> None:
        async with a_scene(tmp_path) as scene:
            await scene.put(address)
            await scene.put("other@b.example")
            await scene.enter(address)
            await scene.until(lambda: scene.store.stats.queued == 1)

    asyncio.run(story())
