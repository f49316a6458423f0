"""The road through the queue: put, settle, content."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from postduif.attempt import Attempt, Kind
from postduif.envelope import Envelope, Message, Notify, Recipient
from postduif.errors import StoreError, StoreFull
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome
from postduif.reply import Reply
from tests.fakes import FakeClock
from tests.queue.mail import KEY, LATER, a_store, addresses, deferred, delivered, envelope, message, put, sql


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


def test_after_close_nothing_is_taken(tmp_path: Path) -> None:
    """A closed store refuses with StoreError, and closing twice does nothing."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store.close()
            with pytest.raises(StoreError, match="closed"):
                await put(store)

    asyncio.run(story())
