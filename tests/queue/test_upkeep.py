"""What time makes necessary."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, addresses, delivered, put, sql


def test_upkeep_forgets_old_attempts_and_empty_queues(tmp_path: Path) -> None:
    """tidy removes journal rows beyond their retention and scheduled queues that have nothing, and no others."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock, journal_retention=3600.0) as store:
            await put(store, "a@example.com")
            await put(store, "b@example.org")
            (entry,) = await store.lease(KEY, 1)
            await store.settle([delivered(entry)])
            await store.tidy()
            assert sql(tmp_path, "SELECT count(*) FROM journal") == [(1,)]
            assert sql(tmp_path, "SELECT domain FROM scheduled_queue") == [("example.org",)]
            clock.advance(4000)
            await store.tidy()
            assert sql(tmp_path, "SELECT count(*) FROM journal") == [(0,)]
            await put(store, "c@example.com")
            assert addresses(await store.lease(KEY, 1)) == ["c@example.com"]
        async with a_store(tmp_path, clock) as store:
            assert len(store.due(clock.time())) == 2

    asyncio.run(story())


def test_upkeep_and_mail_for_the_same_queue_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Mail that comes while its empty scheduled queue is being forgotten is found after a restart."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(20):
                await put(store)
                await store.settle([delivered(entry) for entry in await store.lease(KEY, 1)])
                await asyncio.gather(store.tidy(), *(put(store, f"u{number}-{n}@example.com") for n in range(3)))
                await store.settle([delivered(entry) for entry in await store.lease(KEY, 2)])
        async with a_store(tmp_path) as store:
            assert len(await store.lease(KEY, 100)) == 20

    asyncio.run(story())
