"""What happened lately, counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from postduif.queue.activity import Activity, Load
from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, deferred, delivered, put

ENDED = 1_800_000_001.0  # when the attempts of tests.queue.mail end


def test_attempts_are_counted_since_a_moment(tmp_path: Path) -> None:
    """Attempts that ended at the moment or later are counted by stream, domain and site; a withdrawal is none."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            assert await store.questions.activity(0.0, 9) == ([], {})
            for _ in range(3):
                await put(store, "u@example.com")
            first, second, third = await store.lease(KEY, 3)
            await store.settle([delivered(first), delivered(second), deferred(third, clock.time() + 60)])
            counted = [Activity("default", "example.com", "example.com", 2, 1, 0)]
            assert (await store.questions.activity(ENDED, 9))[0] == counted
            assert (await store.questions.activity(ENDED + 0.1, 9))[0] == []
            clock.advance(10)
            assert await store.delete(Condition(all=True)) == 1
            assert (await store.questions.activity(ENDED + 0.1, 9))[0] == []

    asyncio.run(story())


def test_loads_are_those_of_the_busy_and_of_the_longest(tmp_path: Path) -> None:
    """A scheduled queue where something ended is there though nothing waits; of the others the longest are."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "b@example.com", "c@example.org", "d@example.net")
            busy, other = QueueKey("default", "example.net"), QueueKey("default", "example.org")
            await store.settle([delivered(entry) for entry in await store.lease(busy, 1)])
            await store.hold(Condition(domain="example.com"), "me", "why not")
            longest = Load(*KEY, total=2, held=2, leased=0)
            assert (await store.questions.activity(ENDED, 1))[1] == {busy: Load(*busy, 0, 0, 0), KEY: longest}
            await store.lease(other, 1)
            assert (await store.questions.activity(ENDED + 1, 1))[1] == {other: Load(*other, total=1, held=0, leased=1)}

    asyncio.run(story())
