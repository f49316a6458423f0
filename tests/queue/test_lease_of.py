"""Leases by address: for mail that is not to go any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

from postduif.queue.condition import Condition
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, addresses, deferred, delivered, put


def test_fresh_deferred_and_held_mail_to_an_address_is_leased_and_no_other(tmp_path: Path) -> None:
    """In any case of letters, whatever its state; what is leased already and other addresses are left alone."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "Gone@example.com")
            (leased,) = await store.lease(KEY, 1)
            held = await put(store, "gone@example.com")
            await store.hold(Condition(ids=(held,)), "me", "test")
            await put(store, "gone@Example.COM")
            await store.settle([deferred(one, clock.time() + 999) for one in await store.lease(KEY, 1)])
            await put(store, "GONE@example.com", "other@example.com")
            found = await store.lease_of(["gone@example.com"], 10)
            assert sorted(map(str.lower, addresses(found))) == ["gone@example.com"] * 3
            assert await store.lease_of(["gone@example.com"], 10) == []
            await store.settle([delivered(entry) for entry in (*found, leased)])
            assert addresses(await store.lease(KEY, 10)) == ["other@example.com"]
            assert store.stats.queued == 1

    asyncio.run(story())


def test_no_more_are_leased_than_asked_for_or_than_memory_holds(tmp_path: Path) -> None:
    """The rest comes with the next call."""

    async def story() -> None:
        async with a_store(tmp_path, max_leased=100) as store:
            for _ in range(102):
                await put(store, "gone@example.com")
            first = await store.lease_of(["gone@example.com"], 99)
            second = await store.lease_of(["gone@example.com"], 3)
            assert (len(first), len(second)) == (99, 1)
            assert await store.lease_of(["gone@example.com"], 3) == []
            await store.settle([delivered(entry) for entry in first + second])
            assert len(await store.lease_of(["gone@example.com"], 3)) == 2

    asyncio.run(story())
