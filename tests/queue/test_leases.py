"""Leases: in what order, how many, when again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, addresses, deferred, delivered, envelope, message, put


@pytest.mark.parametrize("restart", [False, True])
def test_leases_are_first_in_first_out_and_bounded(tmp_path: Path, restart: bool) -> None:
    """Entries come oldest first, never more than asked for, never twice; from memory and from disk alike."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(5):
                await put(store, f"u{number}@example.com")
            if not restart:
                assert addresses(await store.lease(KEY, 2)) == ["u0@example.com", "u1@example.com"]
                assert addresses(await store.lease(KEY, 9)) == ["u2@example.com", "u3@example.com", "u4@example.com"]
                assert await store.lease(KEY, 9) == []
        async with a_store(tmp_path) as store:
            assert addresses(await store.lease(KEY, 2)) == ["u0@example.com", "u1@example.com"]
            assert addresses(await store.lease(KEY, 9)) == ["u2@example.com", "u3@example.com", "u4@example.com"]
            assert store.stats.leased == 5
            assert await store.lease(KEY, 9) == []

    asyncio.run(story())


def test_what_was_just_put_needs_no_disk(tmp_path: Path) -> None:
    """lease_fresh gives what a commit has just made, with its content, until something older waits on disk."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "b@example.com", "c@example.org")
            one, two = store.lease_fresh(KEY, 10)
            assert one.envelope is two.envelope
            assert one.envelope.recipients == []
            assert addresses(store.lease_fresh(QueueKey("default", "example.org"), 10)) == ["c@example.org"]
            assert store.lease_fresh(QueueKey("other", "example.org"), 10) == []

    asyncio.run(story())


def test_what_waited_on_disk_goes_before_what_came_later(tmp_path: Path) -> None:
    """New mail to a queue with a backlog on disk is leased after it."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "old@example.com")
        clock.advance(1)
        async with a_store(tmp_path, clock) as store:
            await put(store, "new@example.com")
            assert store.waits_on_disk(KEY)
            assert store.lease_fresh(KEY, 5) == []
            assert addresses(await store.lease(KEY, 5)) == ["old@example.com", "new@example.com"]
            assert not store.waits_on_disk(KEY)

    asyncio.run(story())


def test_a_retry_that_falls_due_goes_before_fresh_mail_that_is_younger(tmp_path: Path) -> None:
    """Within a scheduled queue the due time decides, not where an entry is."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "retry@example.com")
            (entry,) = await store.lease(KEY, 1)
            await store.settle([deferred(entry, clock.time() + 10)])
            clock.advance(5)
            await put(store, "before@example.com")
            clock.advance(10)
            assert store.due(clock.time()) == [KEY]
            await put(store, "after@example.com")
            assert addresses(store.lease_fresh(KEY, 5)) == ["before@example.com"]
            assert addresses(await store.lease(KEY, 5)) == ["retry@example.com", "after@example.com"]

    asyncio.run(story())


def test_a_released_lease_is_due_at_once_in_its_old_place(tmp_path: Path) -> None:
    """What is given back untried comes before younger mail, and its scheduled queue is called."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            called: list[QueueKey] = []
            for number in range(4):
                await put(store, f"u{number}@example.com")
            one, two, _ = await store.lease(KEY, 3)
            store.on_due = called.append
            store.release([two])
            store.release([one])
            assert called == [KEY, KEY]
            assert addresses(await store.lease(KEY, 9)) == ["u0@example.com", "u1@example.com", "u3@example.com"]

    asyncio.run(story())


def test_a_crash_forgets_leases_only(tmp_path: Path) -> None:
    """What was leased and not settled is due again after a restart, and what was settled is not."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(3):
                await put(store, f"u{number}@example.com")
            one, _, _ = await store.lease(KEY, 3)
            await store.settle([delivered(one)])
        async with a_store(tmp_path) as store:
            assert store.stats.queued == 2
            assert addresses(await store.lease(KEY, 9)) == ["u1@example.com", "u2@example.com"]

    asyncio.run(story())


def test_memory_is_bounded_and_room_goes_to_those_who_wait_for_it(tmp_path: Path) -> None:
    """No more than max_leased are in memory; a lease cut short for that is called once there is room again."""

    async def story() -> None:
        async with a_store(tmp_path, max_leased=100) as store:
            for number in range(150):
                await put(store, f"u{number}@slow.example")
            other = QueueKey("default", "other.example")
            await put(store, "x@other.example")
            assert len(store._roster.entries) == 100
            slow = await store.lease(QueueKey("default", "slow.example"), 500)
            assert len(slow) == 100
            called: list[QueueKey] = []
            store.on_due = called.append
            assert await store.lease(other, 5) == []
            await store.settle([delivered(entry) for entry in slow[:10]])
            assert other in called
            assert addresses(await store.lease(other, 5)) == ["x@other.example"]
            assert len(await store.lease(QueueKey("default", "slow.example"), 500)) == 9

    asyncio.run(story())


def test_a_full_ready_queue_does_not_keep_others_out(tmp_path: Path) -> None:
    """Fresh entries of one scheduled queue leave memory when another leases from disk."""

    async def story() -> None:
        async with a_store(tmp_path, max_leased=100) as store:
            for number in range(60):
                await put(store, f"u{number}@other.example")
        async with a_store(tmp_path, max_leased=100) as store:
            for number in range(120):
                await put(store, f"u{number}@slow.example")
            assert len(await store.lease(QueueKey("default", "other.example"), 60)) == 60
            assert len(store._roster.entries) <= 100
            found = addresses(await store.lease(QueueKey("default", "slow.example"), 200))
            assert found == [f"u{number}@slow.example" for number in range(40)]

    asyncio.run(story())


def test_the_lifetime_ends_also_for_what_is_held_or_waits_in_memory(tmp_path: Path) -> None:
    """lease_expired brings messages past their lifetime, held, deferred or fresh, and no others."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "held@example.com")
            await store.hold(Condition(recipient="held@example.com"), "me", "test")
            await put(store, "fresh@example.com")
            await put(store, "young@example.com", expires_at=1_900_000_000.0)
            await put(store, "later@example.org", "busy@example.net")
            (later,) = await store.lease(QueueKey("default", "example.org"), 1)
            await store.settle([deferred(later, clock.time() + 1e6)])
            (busy,) = await store.lease(QueueKey("default", "example.net"), 1)
            assert await store.lease_expired(10, clock.time()) == []
            clock.advance(86400)
            expired = await store.lease_expired(10, clock.time())
            assert sorted(addresses(expired)) == ["fresh@example.com", "held@example.com", "later@example.org"]
            assert await store.lease_expired(10, clock.time()) == []
            store.release(expired)
            assert sorted(addresses(await store.lease(KEY, 9))) == ["fresh@example.com", "young@example.com"]
            again = await store.lease_expired(1, clock.time())
            assert addresses(again) == ["held@example.com"]
            await store.settle([delivered(busy), *map(delivered, again)])
            assert store.stats.queued == 3

    asyncio.run(story())


def test_mail_can_be_put_for_later(tmp_path: Path) -> None:
    """A recipient with a due time of its own waits for it."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            mail = envelope()
            mail.recipients[0].due = clock.time() + 30.5
            await store.put(mail, message())
            assert await store.lease(KEY, 1) == []
            assert store.next_due() == clock.time() + 30.5
            clock.advance(30.5)
            assert len(await store.lease(KEY, 1)) == 1

    asyncio.run(story())


def test_a_cancelled_lease_gives_everything_back(tmp_path: Path) -> None:
    """A lease that nobody waits for any more leases nothing."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
        async with a_store(tmp_path) as store:
            task = asyncio.create_task(store.lease(KEY, 5))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert store.due(1_800_000_000.0) == [KEY]
            assert len(await store.lease(KEY, 5)) == 1

    asyncio.run(story())


def test_two_leases_at_once_share_what_is_due(tmp_path: Path) -> None:
    """However many ask at the same time, each entry goes to one of them."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(20):
                await put(store, f"u{number}@example.com")
        async with a_store(tmp_path) as store:
            answers = await asyncio.gather(*(store.lease(KEY, 3) for _ in range(5)))
            answers.append(await store.lease(KEY, 100))
            found = [address for answer in answers for address in addresses(answer)]
            assert sorted(found) == sorted(f"u{number}@example.com" for number in range(20))

    asyncio.run(story())
