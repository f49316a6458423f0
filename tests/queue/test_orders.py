"""What operators do to the queue: hold, unhold, retry, delete."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.envelope import Message
from postduif.errors import StoreError
from postduif.queue import orders
from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, addresses, busy_writer, deferred, delivered, envelope, put, sql

EVERYTHING = Condition(all=True)


def test_held_recipients_are_not_leased_until_they_are_let_go(tmp_path: Path) -> None:
    """A hold on recipients stops them, fresh or on disk, over a restart, and nobody else."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for name in ("a", "b", "c"):
                await put(store, f"{name}@example.com", sender=f"{name}@shop.example")
            assert await store.hold(Condition(sender="B@shop.example"), "me", "complaint") == 1
            assert addresses(await store.lease(KEY, 9)) == ["a@example.com", "c@example.com"]
        async with a_store(tmp_path) as store:
            assert addresses(await store.lease(KEY, 9)) == ["a@example.com", "c@example.com"]
            (hold,) = store.holds()
            assert (hold.covers, hold.owner, hold.reason) == ("recipients", "me", "complaint")
            called: list[QueueKey] = []
            store.on_due = called.append
            assert await store.unhold(Condition(owner="me")) == 1
            assert called == [KEY]
            assert store.holds() == []
            assert addresses(await store.lease(KEY, 9)) == ["b@example.com"]

    asyncio.run(story())


def test_a_held_scheduled_queue_holds_what_comes_later_too(tmp_path: Path) -> None:
    """A condition that names only stream or domain holds scheduled queues whole, durably."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "x@example.org")
            assert await store.hold(Condition(domain="Example.com"), "me", "they asked") == 1
            await put(store, "b@example.com")
            assert await store.lease(KEY, 9) == store.lease_fresh(KEY, 9) == []
            assert store.due(1_800_000_000.0) == [QueueKey("default", "example.org")]
        async with a_store(tmp_path) as store:
            await put(store, "c@example.com", "d@example.com")
            assert await store.lease(KEY, 9) == []
            assert store.next_due() is None or store.due(1_800_000_000.0) == [QueueKey("default", "example.org")]
            assert await store.unhold(Condition(stream="other")) == 0
            assert await store.unhold(Condition(domain="example.com")) == 4
            assert [address[0] for address in addresses(await store.lease(KEY, 9))] == ["a", "b", "c", "d"]

    asyncio.run(story())


def test_a_hold_ends_with_its_time(tmp_path: Path) -> None:
    """tidy lifts the holds whose time is over, of recipients and of scheduled queues."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com", "b@example.org")
            await store.hold(Condition(recipient="a@example.com"), "me", "an hour", clock.time() + 3600)
            await store.hold(Condition(domain="example.org"), "me", "an hour", clock.time() + 3600)
            await store.tidy()
            assert store.due(clock.time()) == []
            clock.advance(3600)
            await store.tidy()
            assert len(store.due(clock.time())) == 2
            assert sql(tmp_path, "SELECT count(*) FROM hold") == [(0,)]

    asyncio.run(story())


def test_hold_recalls_what_is_leased_and_leaves_it_held(tmp_path: Path) -> None:
    """A leased entry that is held is recalled; given back or deferred, it stays held; delivered, it is gone."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com", "b@example.com", "c@example.com")
            one, two, three = await store.lease(KEY, 3)
            id_ = one.envelope.id
            assert not store.recalled(one)
            assert await store.hold(Condition(ids=(id_,)), "me", "stop") == 3
            assert store.recalled(one)
            store.release([one])
            await store.settle([deferred(two, clock.time() + 10), delivered(three)])
            clock.advance(100)
            assert store.stats.queued == 2
            assert await store.lease(KEY, 9) == []
            assert await store.unhold(Condition(ids=(id_,))) == 2
            assert addresses(await store.lease(KEY, 9)) == ["a@example.com", "b@example.com"]

    asyncio.run(story())


def test_let_go_while_leased_an_entry_is_like_any_other(tmp_path: Path) -> None:
    """Held and let go during one lease, an entry is recalled no more and comes back when it is released."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            (entry,) = await store.lease(KEY, 1)
            await store.hold(Condition(recipient="b@example.com"), "me", "oh")
            assert await store.unhold(Condition(owner="me")) == 1
            assert not store.recalled(entry)
            store.release([entry])
            assert await store.lease(KEY, 1) == [entry]

    asyncio.run(story())


def test_deleted_recipients_leave_with_a_line_in_the_journal(tmp_path: Path) -> None:
    """Delete withdraws what is meant, held or not, and its messages; the rest stays."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "b@example.org")
            await put(store, "a@example.com")
            await store.hold(Condition(domain="example.com", recipient="a@example.com"), "me", "wait")
            assert await store.delete(Condition(recipient="A@Example.com"), "wrong list") == 2
            assert store.stats.queued == 1
            assert sql(tmp_path, "SELECT address FROM recipient") == [("b@example.org",)]
            assert sql(tmp_path, "SELECT count(*) FROM message, body") == [(1,)]
            assert (
                sql(tmp_path, "SELECT kind, recipient, domain, text, attempt FROM journal")
                == [("withdrawn", "a@example.com", "example.com", "wrong list", 0)] * 2
            )
            await store.unhold(EVERYTHING)
            assert store.holds() == []

    asyncio.run(story())


def test_what_is_leased_when_it_is_deleted_leaves_when_its_attempt_ends(tmp_path: Path) -> None:
    """A withdrawn entry that is deferred or given back leaves then; delivered or failed, it has that end."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com", "b@example.com", "c@example.com", "d@example.com")
            one, two, three, four = await store.lease(KEY, 4)
            assert await store.delete(Condition(ids=(one.envelope.id,))) == 4
            assert isinstance(await store.content(one.envelope.id), Message)
            store.release([one])
            await store.settle([deferred(two, clock.time() + 10), delivered(three)])
            assert store.stats.queued == 1
            await store.settle([deferred(four, clock.time() + 10)])
            assert store.stats.queued == store.stats.leased == 0
            assert sql(tmp_path, "SELECT count(*) FROM message") == [(0,)]
            assert sorted(sql(tmp_path, "SELECT recipient, kind FROM journal")) == [
                ("a@example.com", "withdrawn"),
                ("b@example.com", "deferred"),
                ("b@example.com", "withdrawn"),
                ("c@example.com", "delivered"),
                ("d@example.com", "deferred"),
                ("d@example.com", "withdrawn"),
            ]

    asyncio.run(story())


def test_a_delete_cut_short_by_a_crash_is_finished(tmp_path: Path) -> None:
    """What was leased when it was deleted is never leased again after a restart, and leaves with the next tidy."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            await store.lease(KEY, 1)
            await store.delete(EVERYTHING)
        async with a_store(tmp_path) as store:
            assert await store.lease(KEY, 1) == []
            await store.tidy()
            assert store.stats.queued == 0
            assert sql(tmp_path, "SELECT kind FROM journal") == [("withdrawn",)]

    asyncio.run(story())


def test_retry_makes_due_what_waits_for_its_time(tmp_path: Path) -> None:
    """Retry makes deferred recipients due at once; held ones stay held."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com", "b@example.com")
            await store.settle([deferred(entry, clock.time() + 1000) for entry in await store.lease(KEY, 2)])
            await store.hold(Condition(recipient="b@example.com"), "me", "")
            called: list[QueueKey] = []
            store.on_due = called.append
            assert await store.retry(EVERYTHING) == 2
            assert called == [KEY]
            assert addresses(await store.lease(KEY, 9)) == ["a@example.com"]
            await store.unhold(EVERYTHING)
            assert addresses(await store.lease(KEY, 9)) == ["b@example.com"]

    asyncio.run(story())


def test_orders_reach_more_than_one_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition that means many is carried out whole, however it is cut."""
    monkeypatch.setattr(orders, "CHUNK", 3)

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(10):
                await put(store, f"u{number}@example.com")
            meant = Condition(older_than=1_900_000_000.0)
            assert await store.hold(meant, "me", "") == 10
            assert await store.hold(meant, "you", "") == 0
            assert [hold.owner for hold in store.holds()] == ["me"]
            assert await store.unhold(meant) == 10
            assert await store.retry(meant) == 10
            assert await store.delete(meant) == 10
            assert store.stats.queued == 0

    asyncio.run(story())


def test_a_lease_that_crosses_a_hold_does_not_bring_what_is_held(tmp_path: Path) -> None:
    """Whatever the order in which reads and orders end, a held entry is either not leased or recalled."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(50):
                await put(store, f"u{number}@example.com")
        for wait in range(6):
            async with a_store(tmp_path) as store:
                lease = asyncio.create_task(store.lease(KEY, 50))
                for _ in range(wait):
                    await asyncio.sleep(0)
                held = await store.hold(Condition(older_than=1_900_000_000.0), "me", "")
                assert held == 50
                entries = await lease
                assert all(store.recalled(entry) for entry in entries)
                store.release(entries)
                assert await store.lease(KEY, 50) == []
                assert await store.unhold(Condition(owner="me")) == 50
                assert len(await store.lease(KEY, 50)) == 50

    asyncio.run(story())


def test_to_mean_everything_one_must_say_so(tmp_path: Path) -> None:
    """An empty condition is refused by every order."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store.put(envelope(), Message(b"x\r\n"))
            for order in (store.unhold, store.retry, store.delete):
                with pytest.raises(StoreError, match="say all"):
                    await order(Condition())
            with pytest.raises(StoreError, match="say all"):
                await store.hold(Condition(), "me", "")
            assert store.holds() == []

    asyncio.run(story())


def test_retry_of_what_was_leased_before_it_was_due(tmp_path: Path) -> None:
    """Given back, what was leased as past its lifetime and ordered to be retried meanwhile is due."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com")
            clock.advance(90_000)
            await store.settle([deferred(entry, clock.time() + 7) for entry in await store.lease(KEY, 1)])
            late = await store.lease_expired(1, clock.time())
            assert await store.retry(Condition(domain="example.com")) == len(late) == 1
            store.release(late)
            assert store.due(clock.time()) == [KEY]
            assert len(await store.lease(KEY, 1)) == 1

    asyncio.run(story())


def test_retry_in_the_transaction_that_defers_loses_nobody(tmp_path: Path) -> None:
    """A recipient that is made due and deferred in one transaction is found when it is due."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "b@example.com")
            (entry,) = await store.lease(KEY, 9)
            clock.advance(5)
            async with busy_writer(store):  # what is done inside goes into one transaction
                retrying = asyncio.ensure_future(store.retry(EVERYTHING))
                while not store._writer._pending:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
                settling = asyncio.ensure_future(store.settle([deferred(entry, clock.time() + 600)]))
                await asyncio.sleep(0)
            await asyncio.gather(retrying, settling)
            clock.advance(601)
            assert addresses(await store.lease(KEY, 9)) == ["b@example.com"]

    asyncio.run(story())
