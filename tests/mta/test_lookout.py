"""When delivery looks at what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from postduif.mta.lookout import LONGEST_SLEEP, SLICE, Lookout
from postduif.queue.schedule_index import ScheduleIndex
from postduif.queue.scheduled import QueueKey
from postduif.queue.stores import Stores
from tests.fakes import FakeClock


class Due:
    """What of a store the lookout asks."""

    def __init__(self) -> None:
        self.index: ScheduleIndex[QueueKey] = ScheduleIndex()
        self.due = self.index.due
        self.came_due = self.index.came_due
        self.next_due = self.index.next


def _key(number: int) -> QueueKey:
    return QueueKey("default", f"domain{number}.example")


def _run(work: Callable[[Lookout, Due, FakeClock, list[QueueKey]], object]) -> None:
    async def run() -> None:
        due, clock, told = Due(), FakeClock(), cast("list[QueueKey]", [])
        lookout = Lookout(cast("Stores", due), clock, told.append)
        steps = work(lookout, due, clock, told)
        running = asyncio.create_task(lookout.run())
        for _ in steps:  # type: ignore[attr-defined]
            for _ in range(20):
                await asyncio.sleep(0)
        lookout.stop()
        await running

    asyncio.run(run())


def test_each_when_its_time_comes() -> None:
    """What comes due is told then, once; what was told and is due still is not told again with it."""

    def work(_: Lookout, due: Due, clock: FakeClock, told: list[QueueKey]) -> object:
        due.index.set(_key(1), clock.time())
        due.index.set(_key(2), clock.time() + 2)
        yield
        assert told == [_key(1)]
        clock.advance(2)
        yield
        assert told == [_key(1), _key(2)]

    _run(work)


def test_all_now_and_then() -> None:
    """After `LONGEST_SLEEP` seconds, or when told to look, all that is due is told again."""

    def work(lookout: Lookout, due: Due, clock: FakeClock, told: list[QueueKey]) -> object:
        due.index.set(_key(1), clock.time())
        yield
        clock.advance(LONGEST_SLEEP)
        yield
        assert told == [_key(1)] * 2
        lookout.look()
        yield
        assert told == [_key(1)] * 3

    _run(work)


def test_sooner_than_was_known() -> None:
    """Something that is due before the next look, and was not known then, is told at its time."""

    def work(lookout: Lookout, due: Due, clock: FakeClock, told: list[QueueKey]) -> object:
        due.index.set(_key(1), clock.time() + 3)
        yield
        due.index.set(_key(2), clock.time() + 1)
        lookout.expect(clock.time() + 1)
        yield
        clock.advance(1)
        yield
        assert told == [_key(2)]

    _run(work)


def test_others_have_their_turn() -> None:
    """However many are due, the event loop turns after every slice of them."""

    async def run() -> None:
        due, clock, told = Due(), FakeClock(), cast("list[QueueKey]", [])
        for number in range(10 * SLICE):
            due.index.set(_key(number), clock.time())
        lookout = Lookout(cast("Stores", due), clock, told.append)
        running = asyncio.create_task(lookout.run())
        seen = []
        while len(told) < 10 * SLICE:
            await asyncio.sleep(0)
            seen.append(len(told))
        lookout.stop()
        await running
        assert max(after - before for before, after in zip([0, *seen], seen, strict=False)) == SLICE

    asyncio.run(run())
