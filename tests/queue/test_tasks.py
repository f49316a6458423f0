"""Tables of others in the queue file: their SQL is part of a settlement's transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from postduif.address import parse
from postduif.config.schema import Queue
from postduif.envelope import Envelope, Message, Recipient
from postduif.errors import StoreError
from postduif.queue.change import Task
from postduif.queue.extension import Extension
from postduif.queue.store import Store
from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, delivered, put, sql


def prepare(connection: sqlite3.Connection) -> None:
    """A table of somebody else's."""
    connection.execute("CREATE TABLE IF NOT EXISTS other (word TEXT PRIMARY KEY)")


OTHER = Extension(prepare, ("other",))


def say(connection: sqlite3.Connection, word: str) -> int:
    """A row; how many there are then."""
    connection.execute("INSERT INTO other VALUES (?)", (word,))
    (count,) = connection.execute("SELECT count(*) FROM other").fetchone()
    return int(count)


def words(connection: sqlite3.Connection) -> list[str]:
    """All of them."""
    return [word for (word,) in connection.execute("SELECT word FROM other ORDER BY word")]


def opened(directory: Path) -> Store:
    """A store with that table."""
    return Store.open(directory / "queue", Queue(disk_reserve=0), FakeClock(), (OTHER,))


def test_a_task_is_done_with_its_settlement_or_not_at_all(tmp_path: Path) -> None:
    """Its result comes back; when it fails, what it came with is not recorded either, and its neighbours are."""

    async def story() -> None:
        store = opened(tmp_path)
        await put(store, "a@example.com")
        await put(store, "b@example.com")
        a, b = await store.lease(KEY, 2)
        assert await store.settle([delivered(a)], tasks=[Task(say, ("one",)), Task(say, ("two",))]) == [1, 2]
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.settle([delivered(b)], tasks=[Task(say, ("one",))])
        assert (store.stats.queued, store.stats.leased) == (1, 1)
        assert await store.do(say, "three") == 3
        assert await store.questions.ask(words) == ["one", "three", "two"]
        await store.close()

    asyncio.run(story())


def test_a_task_is_done_with_its_mail_or_not_at_all(tmp_path: Path) -> None:
    """A mail and the tasks that come with it are on disk together; when a task fails, the mail is not there."""

    async def story() -> None:
        store = opened(tmp_path)
        mail = Envelope(parse("x@example.org"), [Recipient(parse("a@example.com"))])
        await store.put(mail, Message(b"x\r\n"), [Task(say, ("one",))])
        mail = Envelope(parse("x@example.org"), [Recipient(parse("b@example.com"))])
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.put(mail, Message(b"x\r\n"), [Task(say, ("one",))])
        assert store.stats.queued == 1
        assert await store.questions.ask(words) == ["one"]
        await store.close()

    asyncio.run(story())


def test_their_rows_are_taken_over_from_a_damaged_file(tmp_path: Path) -> None:
    """What can be read of them is in the new file."""

    async def story() -> None:
        store = opened(tmp_path)
        for number in range(500):
            await store.do(say, f"{number:04d}" + "x" * 100)
        await put(store)
        await store.close()
        path = tmp_path / "queue" / "queue.sqlite"
        content = bytearray(path.read_bytes())
        (root,) = [row[0] for row in sql(tmp_path, "SELECT rootpage FROM sqlite_master WHERE name = 'journal_at'")]
        content[(root - 1) * 8192 : root * 8192] = b"\xa5" * 8192
        path.write_bytes(content)
        store = opened(tmp_path)
        assert len(await store.questions.ask(words)) == 500
        assert store.stats.queued == 1
        await store.close()
        assert list(path.parent.glob("*.damaged-*"))

    asyncio.run(story())


def test_a_file_from_before_gets_the_table(tmp_path: Path) -> None:
    """The tables are made at the next start, whatever the file holds."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
        store = opened(tmp_path)
        assert await store.questions.ask(words) == []
        assert store.stats.queued == 1
        await store.close()

    asyncio.run(story())
