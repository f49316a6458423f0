"""The road through the queue: put, lease, settle."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from postduif.attempt import Attempt, Kind
from postduif.envelope import Envelope, Message, Notify, Recipient
from postduif.errors import StoreError, StoreFull
from postduif.queue.condition import Condition
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome
from postduif.reply import Reply
from tests.fakes import FakeClock
from tests.queue.mail import KEY, LATER, a_store, addresses, deferred, delivered, envelope, message, put, sql

EVERYTHING = Condition(all=True)


def test_a_message_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    """Another connection sees message, body and recipients as soon as put has returned, and the ids are set."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            mail = envelope("a@example.com", "b@example.org")
            id_ = await store.put(mail, message("Hi"))
            assert mail.id == id_
            assert [recipient.id >> 24 for recipient in mail.recipients] == [id_, id_]
            assert sql(tmp_path, "SELECT id, size FROM message") == [(id_, len(message("Hi").content))]
            assert sql(tmp_path, "SELECT content FROM body") == [(message("Hi").content,)]
            assert sql(tmp_path, "SELECT address FROM recipient") == [("a@example.com",), ("b@example.org",)]

    asyncio.run(story())


def test_ids_grow_and_are_never_given_twice(tmp_path: Path) -> None:
    """Ids grow within a run and over restarts, also when the one before ended without writing down where it was."""

    async def story() -> list[int]:
        ids: list[int] = []
        for _ in range(3):
            async with a_store(tmp_path) as store:
                ids += [await put(store) for _ in range(3)]
        return ids

    ids = asyncio.run(story())
    assert ids == sorted(set(ids))


def test_an_id_asked_for_is_used(tmp_path: Path) -> None:
    """A message may carry the id that its header names already."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            id_ = store.next_id()
            assert await store.put(envelope(id=id_), message()) == id_
            assert await put(store) == id_ + 1

    asyncio.run(story())


def test_everything_said_about_a_message_comes_back(tmp_path: Path) -> None:
    """After a restart envelope, recipient and content are what was put."""
    recipient = Recipient(envelope('"odd \\"one\\""@example.com').recipients[0].address, "rfc822;o+2Bne@example.com")
    recipient.notify = Notify.SUCCESS | Notify.DELAY
    mail = Envelope(
        envelope(sender="bounce+1@shop.example").sender,
        [recipient],
        0,
        "news",
        1_800_000_000.25,
        0.5,
        1_800_000_900.0,
        "QQ314159",
        "HDRS",
        "user@192.0.2.1",
        0,
        "<1@shop.example>",
        "shop.example",
        eight_bit=True,
        smtputf8=True,
        bulk=True,
    )
    content = Message("Subject: Zoë\r\n\r\n\x00\r\n".encode(), eight_bit=True, smtputf8=True)

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store.put(mail, content)
        async with a_store(tmp_path) as store:
            (entry,) = await store.lease(QueueKey("news", "example.com"), 10)
            assert entry.envelope == dataclasses.replace(mail, recipients=[])
            assert entry.recipient == recipient
            assert await store.content(mail.id) == content

    asyncio.run(story())


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


def test_an_outcome_removes_and_is_written_down_together(tmp_path: Path) -> None:
    """After settle the recipient is gone, the message goes with its last one, and the journal has a row for each."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "b@example.com")
            one, two = await store.lease(KEY, 2)
            await store.settle([delivered(one)])
            assert sql(tmp_path, "SELECT address FROM recipient") == [("b@example.com",)]
            assert sql(tmp_path, "SELECT count(*) FROM message, body") == [(1,)]
            await store.settle([delivered(two)])
            assert store.stats.queued == store.stats.leased == 0
            for table in ("recipient", "message", "body"):
                assert sql(tmp_path, f"SELECT count(*) FROM {table}") == [(0,)]
            assert sql(tmp_path, "SELECT recipient, kind, attempt, code, enhanced, remote_mta FROM journal") == [
                ("a@example.com", "delivered", 1, 250, "2.0.0", "mx.example.com"),
                ("b@example.com", "delivered", 1, 250, "2.0.0", "mx.example.com"),
            ]

    asyncio.run(story())


def test_what_is_deferred_comes_again_when_it_is_due(tmp_path: Path) -> None:
    """Until its time nothing is due; then it comes with one more attempt and the last reply."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store)
            (entry,) = await store.lease(KEY, 1)
            await store.settle([deferred(entry, clock.time() + 60)])
            assert store.due(clock.time()) == []
            assert store.next_due() == clock.time() + 60
            assert await store.lease(KEY, 1) == []
            clock.advance(60)
            assert store.due(clock.time()) == [KEY]
            (entry,) = await store.lease(KEY, 1)
            assert (entry.recipient.attempts, entry.recipient.last_reply) == (1, LATER)
            await store.settle([delivered(entry)])
            assert sql(tmp_path, "SELECT attempt FROM journal ORDER BY id") == [(1,), (2,)]
            assert store.next_due() is None

    asyncio.run(story())


def test_notices_are_stored_with_the_outcome_or_not_at_all(tmp_path: Path) -> None:
    """A notification is in the queue exactly when the failure that it reports is in the journal."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            (entry,) = await store.lease(KEY, 1)
            failed = Outcome(entry, Attempt(Kind.FAILED, Reply(550, "5.1.1", "no such user"), 1_800_000_001.0), None)
            notice = envelope("news@shop.example")
            with pytest.raises(StoreError):
                await store.settle([failed], [(notice, Message("a str, not bytes\udc80"))])  # type: ignore[arg-type]
            assert sql(tmp_path, "SELECT count(*) FROM journal") == [(0,)]
            assert store.stats.leased == store.stats.queued == 1
            await store.settle([failed], [(envelope("news@shop.example"), message())])
            assert sql(tmp_path, "SELECT address FROM recipient") == [("news@shop.example",)]
            assert addresses(store.lease_fresh(QueueKey("default", "shop.example"), 5)) == ["news@shop.example"]

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
            assert await store.lease_expired(10) == []
            clock.advance(86400)
            expired = await store.lease_expired(10)
            assert sorted(addresses(expired)) == ["fresh@example.com", "held@example.com", "later@example.org"]
            assert await store.lease_expired(10) == []
            store.release(expired)
            assert sorted(addresses(await store.lease(KEY, 9))) == ["fresh@example.com", "young@example.com"]
            again = await store.lease_expired(1)
            assert addresses(again) == ["held@example.com"]
            await store.settle([delivered(busy), *map(delivered, again)])
            assert store.stats.queued == 3

    asyncio.run(story())


def test_content_comes_from_memory_within_its_bound_and_else_from_disk(tmp_path: Path) -> None:
    """Bodies in memory stay below max_body_memory; every content can be had all the same, until it has gone."""

    async def story() -> None:
        async with a_store(tmp_path, max_body_memory=5000) as store:
            ids = [await put(store, text=f"{number:01000}") for number in range(10)]
            assert store._bodies.octets <= 5000
            for number, id_ in enumerate(ids):
                assert await store.content(id_) == message(f"{number:01000}")
            await store.settle([delivered(entry) for entry in await store.lease(KEY, 10)])
            assert store._bodies.octets == 0
            with pytest.raises(StoreError, match="is not in the queue"):
                await store.content(ids[0])

    asyncio.run(story())


def test_mail_is_refused_below_the_disk_reserve_and_deliveries_go_on(tmp_path: Path) -> None:
    """With less free than the reserve put raises StoreFull, and settle works."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
        async with a_store(tmp_path, disk_reserve=2**50) as store:
            assert store.full
            with pytest.raises(StoreFull):
                await put(store)
            (entry,) = await store.lease(KEY, 1)
            await store.settle([delivered(entry)], [(envelope("news@shop.example"), message())])
            assert store.stats.queued == 1

    asyncio.run(story())


def test_a_message_for_nobody_is_refused(tmp_path: Path) -> None:
    """A message without recipients would never leave the queue."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            mail = envelope()
            mail.recipients = []
            with pytest.raises(StoreError, match="0 recipients"):
                await store.put(mail, message())

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


def test_a_cancelled_put_leaves_the_books_right(tmp_path: Path) -> None:
    """Whoever gave up waiting, the message is counted and leased like any other once it is on disk."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            task = asyncio.create_task(put(store))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await put(store, "second@example.com")
            assert addresses(await store.lease(KEY, 9)) == ["b@example.com", "second@example.com"]

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


def test_after_close_nothing_is_taken(tmp_path: Path) -> None:
    """A closed store refuses with StoreError, and closing twice does nothing."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store.close()
            with pytest.raises(StoreError, match="closed"):
                await put(store)

    asyncio.run(story())
