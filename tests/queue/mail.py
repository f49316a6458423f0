"""Mail and a store for the tests of the queue."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from postduif.address import NULL_SENDER, parse
from postduif.attempt import Attempt, Kind
from postduif.config.schema import Queue
from postduif.envelope import Entry, Envelope, Message, Recipient
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome, Store
from postduif.queue.writer import UNDER_WAY
from postduif.reply import Reply
from tests.fakes import FakeClock

OK = Reply(250, "2.0.0", "queued as 4F3A", "mx.example.com")
LATER = Reply(451, "4.7.1", "greylisted\ntry again", "mx.example.com")
KEY = QueueKey("default", "example.com")


@contextlib.asynccontextmanager
async def a_store(directory: Path, clock: FakeClock | None = None, **settings: Any) -> AsyncIterator[Store]:
    """A store in `directory`/queue, closed afterwards."""
    settings = {"disk_reserve": 0, **settings}
    store = Store.open(directory / "queue", Queue(**settings), clock or FakeClock())
    try:
        yield store
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def busy_writer(store: Store) -> AsyncIterator[None]:
    """What is handed over inside goes into one transaction."""
    occupied: list[asyncio.Future[Any]] = []
    for _ in range(UNDER_WAY):
        occupied.append(store._writer.call(pause))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    yield
    await asyncio.gather(*occupied)


def pause(_: sqlite3.Connection) -> None:
    """What takes a while."""
    time.sleep(0.1)


def envelope(*recipients: str, sender: str = "news@shop.example", **values: Any) -> Envelope:
    """An envelope that lives for a day from the fake clock's start."""
    to = [Recipient(parse(text)) for text in recipients or ("b@example.com",)]
    values = {"received_at": 1_800_000_000.0, "expires_at": 1_800_086_400.0, **values}
    return Envelope(parse(sender) if sender else NULL_SENDER, to, **values)


def message(text: str = "Hello") -> Message:
    """A message that says `text`."""
    return Message(f"Subject: test\r\n\r\n{text}\r\n".encode())


async def put(store: Store, *recipients: str, text: str = "Hello", **values: Any) -> int:
    """Put a message; returns its id."""
    return await store.put(envelope(*recipients, **values), message(text))


def delivered(entry: Entry) -> Outcome:
    """The remote took it."""
    return Outcome(entry, Attempt(Kind.DELIVERED, OK, 1_800_000_001.0, "example.com", "default"), None)


def deferred(entry: Entry, due: float) -> Outcome:
    """The remote wants it later."""
    return Outcome(entry, Attempt(Kind.DEFERRED, LATER, 1_800_000_001.0, "example.com", "default"), due)


def addresses(entries: list[Entry]) -> list[str]:
    """Of their recipients, in order."""
    return [str(entry.recipient.address) for entry in entries]


def sql(directory: Path, query: str, *values: object) -> list[Any]:
    """What the queue file says, read by a connection of its own."""
    with contextlib.closing(sqlite3.connect(f"file:{directory / 'queue' / 'queue.sqlite'}?mode=ro", uri=True)) as file:
        return file.execute(query, values).fetchall()
