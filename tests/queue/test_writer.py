"""The writer: many operations in one transaction, each with its own luck."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from postduif.envelope import Message
from postduif.errors import StoreError, StoreFull
from postduif.queue import checkpoint, connection
from postduif.queue.store import Store
from tests.queue.mail import KEY, a_store, delivered, envelope, message, put, sql


@contextlib.asynccontextmanager
async def busy_writer(store: Store) -> AsyncIterator[None]:
    """What is handed over inside goes into one transaction."""
    occupied = store._writer.submit(task=lambda _: time.sleep(0.02))
    await asyncio.sleep(0.005)
    yield
    await occupied


def test_what_gathers_during_a_transaction_goes_into_the_next_together(tmp_path: Path) -> None:
    """A hundred puts at once cost a few transactions."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            seconds: list[float] = []
            store.observe_commits(seconds.append)
            async with busy_writer(store):
                puts = [asyncio.ensure_future(put(store, f"u{number}@example.com")) for number in range(100)]
                await asyncio.sleep(0)
            ids = await asyncio.gather(*puts)
            assert len(set(ids)) == 100
            assert store.stats.commits == len(seconds) == 2
            assert sql(tmp_path, "SELECT count(*) FROM message") == [(100,)]

    asyncio.run(story())


def test_a_bad_operation_does_not_fail_its_neighbours(tmp_path: Path) -> None:
    """What cannot be written fails alone; the others of its transaction are written."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            async with busy_writer(store):
                results = asyncio.gather(
                    put(store, "a@example.com"),
                    store.put(envelope("b@example.com"), Message("no bytes\udc80")),  # type: ignore[arg-type]
                    store.put(envelope("c@example.com", size=2**80), message()),
                    store.put(envelope("d@example.com", envid="\udc80"), message()),
                    put(store, "e@example.com"),
                    return_exceptions=True,
                )
                await asyncio.sleep(0)
            good_and_bad = await results
            assert [isinstance(result, StoreError) for result in good_and_bad] == [False, True, True, True, False]
            assert sql(tmp_path, "SELECT address FROM recipient") == [("a@example.com",), ("e@example.com",)]
            assert store.stats.queued == 2
            assert store.healthy
            assert all(queue.arriving == 0 for queue in store._roster.queues.values())

    asyncio.run(story())


def test_sqlite_says_that_the_disk_is_full(tmp_path: Path) -> None:
    """What does not fit raises StoreFull; the queue is whole, removes what ends, and takes mail again then."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for _ in range(10):
                await put(store, text="x" * 30_000)
            (pages,) = await store._writer.submit(task=lambda c: c.execute("PRAGMA page_count").fetchone())
            await store._writer.submit(task=lambda c: c.execute(f"PRAGMA max_page_count = {pages + 1}").fetchone())
            with pytest.raises(StoreFull):
                await put(store, text="x" * 100_000)
            assert store.healthy
            await store.settle([delivered(entry) for entry in await store.lease(KEY, 10)])
            assert store.stats.queued == 0
            await put(store, text="x" * 100_000)
            assert sql(tmp_path, "PRAGMA quick_check") == [("ok",)]

    asyncio.run(story())


def test_a_lock_of_another_program_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail is refused while somebody else keeps the file locked, and goes on afterwards."""
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.05)

    async def story() -> None:
        async with a_store(tmp_path) as store:
            with contextlib.closing(
                sqlite3.connect(tmp_path / "queue" / "queue.sqlite", isolation_level=None)
            ) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(StoreError, match="another program"):
                    await put(store)
                other.execute("ROLLBACK")
            await put(store)
            assert store.stats.queued == 1

    asyncio.run(story())


def test_a_broken_file_is_opened_anew_and_nothing_is_acknowledged_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an I/O error the connection is not used again; until the file opens, everything is refused."""
    monkeypatch.setattr("postduif.queue.writer.REOPEN_WAIT", 0.0)

    def fail(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    async def story() -> None:
        async with a_store(tmp_path) as store:
            first = store._writer._connection
            async with busy_writer(store):
                results = asyncio.gather(
                    put(store, "a@example.com"), store._writer.submit(task=fail), return_exceptions=True
                )
                await asyncio.sleep(0)
            assert all(isinstance(result, StoreError) for result in await results)
            assert (store.healthy, store.trouble) == (False, "disk I/O error")
            path = tmp_path / "queue" / "queue.sqlite"
            path.rename(path.with_name("elsewhere"))
            with pytest.raises(StoreError):
                await put(store, "b@example.com")
            assert not store.healthy
            path.with_name("elsewhere").rename(path)
            await put(store, "c@example.com")
            assert (store.healthy, store.trouble) == (True, "")
            assert store._writer._connection is not first
            assert sql(tmp_path, "SELECT address FROM recipient") == [("c@example.com",)]
            assert store.stats.queued == 1

    asyncio.run(story())


def test_a_settlement_that_fails_keeps_its_leases(tmp_path: Path) -> None:
    """The caller hears of it, and may settle the same entries again."""

    def fail(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        raise error

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            entries = await store.lease(KEY, 1)
            async with busy_writer(store):
                results = asyncio.gather(
                    store.settle([delivered(entries[0])]), store._writer.submit(task=fail), return_exceptions=True
                )
                await asyncio.sleep(0)
            assert all(isinstance(result, StoreError) for result in await results)
            assert store.stats.leased == 1
            await store.settle([delivered(entries[0])])
            assert store.stats.leased == store.stats.queued == 0
            assert sql(tmp_path, "SELECT count(*) FROM journal") == [(1,)]

    asyncio.run(story())


def test_the_log_is_emptied_while_mail_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log stays near its target however much is written, and nothing is lost by it."""
    monkeypatch.setattr(checkpoint.Checkpointer.__init__, "__defaults__", (500_000,))

    async def story() -> None:
        async with a_store(tmp_path) as store:
            for number in range(60):
                await asyncio.gather(*(put(store, f"u{number}-{n}@example.com", text="x" * 20_000) for n in range(10)))
            log_file = tmp_path / "queue" / "queue.sqlite-wal"
            assert log_file.stat().st_size < 8_000_000
            assert sql(tmp_path, "SELECT count(*) FROM body") == [(600,)]

    asyncio.run(story())


def test_what_was_handed_over_before_close_is_committed(tmp_path: Path) -> None:
    """Closing waits for it."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            puts = [asyncio.ensure_future(put(store)) for _ in range(5)]
            await asyncio.sleep(0)
            await store.close()
            assert len(await asyncio.gather(*puts)) == 5
        assert sql(tmp_path, "SELECT count(*) FROM message") == [(5,)]

    asyncio.run(story())
