"""What waits and what was tried, as people ask for it, with and without the daemon."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from postduif.envelope import Notify
from postduif.errors import StoreError
from postduif.queue import inspect, journal, survey
from postduif.queue.condition import Condition
from postduif.queue.journal import Question
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, deferred, delivered, envelope, message, put, sql


def test_the_summary_counts_by_scheduled_queue(tmp_path: Path) -> None:
    """Waiting, due, held, leased and the oldest, the longest queue first; by stream, by a part of a name, in all."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            for number in range(5):
                await put(store, f"u{number}@example.com", received_at=clock.time() + number)
            await put(store, "x@example.org", stream="news")
            one, two = await store.lease(KEY, 2)
            await store.settle([deferred(two, clock.time() + 60)])
            await store.hold(Condition(recipient="u4@example.com"), "me", "")
            await store.hold(Condition(stream="news"), "me", "")
            first, second = await store.questions.summary()
            assert first == survey.QueueFigures(
                "default", "example.com", 5, 3, 3, 1, 1, one.envelope.received_at, held_whole=False
            )
            assert second == survey.QueueFigures("news", "example.org", 1, 0, 1, 1, 0, clock.time(), held_whole=True)
            assert await store.questions.summary("PLE.O") == [second]
            await put(store, "y@example.net", stream="news", received_at=clock.time() - 5)
            news, default = survey.by_stream(await store.questions.summary())[::-1]
            assert (default.domain, default.total, default.due) == ("", 5, 3)
            assert (news.stream, news.total, news.held, news.oldest) == ("news", 2, 2, clock.time() - 5)
            assert await store.questions.sums() == survey.Sums(total=7, due=5, held=3)

    asyncio.run(story())


def test_the_listing_says_why_each_waits(tmp_path: Path) -> None:
    """The oldest first, with the last reply on one line and whoever holds it."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store, "a@example.com")
            await store.settle([deferred(entry, clock.time() + 60) for entry in await store.lease(KEY, 1)])
            await put(store, "b@example.com")
            await put(store, "c@example.org")
            await store.hold(Condition(recipient="b@example.com"), "me", "wait")
            await store.hold(Condition(domain="example.org"), "you", "stop")
            lines = await store.questions.listing(Condition(all=True), 10)
            assert [(line.recipient[0], line.held_by, line.held_because) for line in lines] == [
                ("a", "", ""),
                ("b", "me", "wait"),
                ("c", "you", "stop"),
            ]
            assert lines[0].last_reply == "451 4.7.1 greylisted try again"
            assert lines[0].last_remote == "mx.example.com"
            assert (lines[0].attempts, lines[0].due) == (1, clock.time() + 60)
            assert lines[1].last_reply == ""
            assert await store.questions.listing(Condition(all=True), 2) == lines[:2]
            assert await store.questions.listing(Condition(all=True), 2, lines[1].place) == lines[2:]

    asyncio.run(story())


def test_one_message_is_shown_with_all_its_recipients(tmp_path: Path) -> None:
    """Envelope, recipients, what they asked for; None for what is not there."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            mail = envelope("a@example.com", "b@example.org", envid="QQ")
            mail.recipients[1].notify = Notify.SUCCESS
            mail.recipients[1].orcpt = "rfc822;x@y.z"
            id_ = await store.put(mail, message())
            shown = await store.questions.show(id_)
            assert shown is not None
            assert (shown.envelope.id, shown.envelope.envid) == (id_, "QQ")
            assert [line.recipient for line in shown.recipients] == ["a@example.com", "b@example.org"]
            assert shown.orcpt == ("", "rfc822;x@y.z")
            assert shown.notify == (Notify(0), Notify.SUCCESS)
            assert await store.questions.show(id_ + 1) is None

    asyncio.run(story())


def test_the_journal_answers_by_message_recipient_and_time(tmp_path: Path) -> None:
    """The latest first; whoever follows it gets what came after, in order."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            ids = [await put(store, f"{name}@example.com") for name in "abc"]
            entries = await store.lease(KEY, 3)
            await store.settle([deferred(entries[0], clock.time())])
            await store.settle([delivered(entry) for entry in entries[1:]])
            await store.settle([delivered(entry) for entry in await store.lease(KEY, 1)])
            assert [line.kind for line in await store.questions.journal(Question(message=ids[0]), 9)] == [
                "delivered",
                "deferred",
            ]
            (line,) = await store.questions.journal(Question(recipient="B@EXAMPLE.COM"), 9)
            assert (line.message, line.host, line.text) == (ids[1], "", "queued as 4F3A")
            assert await store.questions.journal(Question(since=clock.time() + 10), 9) == []
            first, *_ = everything = await store.questions.journal(Question(after=0), 9)
            assert [line.id for line in everything] == [1, 2, 3, 4]
            assert await store.questions.journal(Question(after=3), 9) == everything[3:]
            assert first.text == "greylisted\ntry again"
            assert len(await store.questions.journal(Question(), 2)) == 2

    asyncio.run(story())


def test_the_file_can_be_asked_while_the_daemon_runs_and_after(tmp_path: Path) -> None:
    """The same questions, read-only, with no lock taken and nothing of the daemon needed."""

    async def story() -> None:
        clock = FakeClock()
        async with a_store(tmp_path, clock) as store:
            await put(store)
            with inspect.looking(tmp_path / "queue") as connection:
                assert survey.summary(connection, clock.time(), {})[0].total == 1
                assert len(survey.listing(connection, Condition(all=True), 9)) == 1
                with pytest.raises(sqlite3.OperationalError, match="readonly"):
                    connection.execute("DELETE FROM recipient")
        with inspect.looking(tmp_path / "queue") as connection:
            assert journal.lines(connection, Question(), 9) == []
        async with a_store(tmp_path, clock) as store:
            assert len(await store.lease(KEY, 9)) == 1

    asyncio.run(story())


def test_what_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    """No file, and a file of another program."""
    with pytest.raises(StoreError, match="is not there"), inspect.looking(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "queue.sqlite") as other:
        other.execute("CREATE TABLE a (b)")
    other.close()
    with pytest.raises(StoreError, match="not a queue file"), inspect.looking(tmp_path):
        pass


def test_people_can_read_the_file_with_any_tool(tmp_path: Path) -> None:
    """The view `waiting` has times that can be read."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            (row,) = sql(tmp_path, "SELECT recipient, received, last_reply, held_by FROM waiting")
            assert row == ("b@example.com", "2027-01-15 08:00:00", "", None)

    asyncio.run(story())
