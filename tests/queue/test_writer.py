"""The writer: many operations in one transaction, each with its own luck."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from postduif.envelope import Message
from postduif.errors import StoreError, StoreFull
from postduif.queue import committer, connection, recovery
from postduif.queue.checkpoint import Checkpointer
from postduif.queue.writer import UNDER_WAY
from tests.queue.mail import KEY, a_store, busy_writer, delivered, envelope, message, pause, put, sql


def break_sync(_: sqlite3.Connection) -> None:
    """A disk that fails."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    raise error


def first_value(connection: sqlite3.Connection, query: str) -> object:
    """What a query says."""
    return connection.execute(query).fetchone()[0]


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
            assert store.stats.commits == len(seconds) == UNDER_WAY + 1
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
            pages = await store._writer.call(first_value, "PRAGMA page_count")
            await store._writer.call(first_value, f"PRAGMA max_page_count = {pages + 1}")
            with pytest.raises(StoreFull):
                await put(store, text="x" * 100_000)
            assert store.healthy
            await store.settle([delivered(entry) for entry in await store.lease(KEY, 10)])
            assert store.stats.queued == 0
            await put(store, text="x" * 100_000)
            assert sql(tmp_path, "PRAGMA quick_check") == [("ok",)]

    asyncio.run(story())


def test_a_lock_of_another_program_is_waited_for_and_then_named(tmp_path: Path) -> None:
    """Mail is refused while somebody else keeps the file locked, and goes on afterwards."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store._writer.call(first_value, "PRAGMA busy_timeout = 50")
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


def no_wait(_: sqlite3.Connection) -> None:
    """In the process: a file that failed is opened again at once."""
    committer.REOPEN_WAIT = 0.0


def test_a_broken_file_is_opened_anew_and_nothing_is_acknowledged_meanwhile(tmp_path: Path) -> None:
    """After an I/O error the connection is not used again; until the file opens, everything is refused."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await store._writer.call(no_wait)
            await store._writer.call(first_value, "PRAGMA busy_timeout = 4321")
            async with busy_writer(store):
                results = asyncio.gather(
                    put(store, "a@example.com"), store._writer.call(break_sync), return_exceptions=True
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
            assert await store._writer.call(first_value, "PRAGMA busy_timeout") != 4321
            assert sql(tmp_path, "SELECT address FROM recipient") == [("c@example.com",)]
            assert store.stats.queued == 1

    asyncio.run(story())


def test_a_settlement_that_fails_keeps_its_leases(tmp_path: Path) -> None:
    """The caller hears of it, and may settle the same entries again."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            entries = await store.lease(KEY, 1)
            async with busy_writer(store):
                results = asyncio.gather(
                    store.settle([delivered(entries[0])]), store._writer.call(break_sync), return_exceptions=True
                )
                await asyncio.sleep(0)
            assert all(isinstance(result, StoreError) for result in await results)
            assert store.stats.leased == 1
            await store.settle([delivered(entries[0])])
            assert store.stats.leased == store.stats.queued == 0
            assert sql(tmp_path, "SELECT count(*) FROM journal") == [(1,)]

    asyncio.run(story())


def test_the_log_is_emptied_while_mail_comes(tmp_path: Path) -> None:
    """The write-ahead log starts again from its beginning, time after time, and nothing is lost by it."""
    path = tmp_path / "queue.sqlite"
    recovery.create(path, 1)
    failures: list[str] = []
    checkpointer = Checkpointer(path, failures.append, 500_000)
    with contextlib.closing(connection.connect_writer(path)) as writer:
        written, log = 0, path.with_name("queue.sqlite-wal")
        while written < 5_000 and (times_begun(path) < 4 or log.stat().st_size >= written * 20_000):
            writer.execute("INSERT INTO body (id, content) VALUES (?, ?)", (written, b"x" * 20_000))
            checkpointer.wrote(20_000, writer)
            written += 1
        checkpointer.close()
        assert times_begun(path) >= 4
        assert log.stat().st_size < written * 20_000
        assert writer.execute("SELECT count(*) FROM body").fetchone() == (written,)
    assert not failures


def times_begun(path: Path) -> int:
    """How often the log of the queue file has begun again: SQLite's own count, in the header of the log."""
    with path.with_name("queue.sqlite-wal").open("rb") as log:
        return int.from_bytes(log.read(16)[12:], "big")


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


def test_a_writer_that_dies_ends_the_store(tmp_path: Path) -> None:
    """What was under way fails, so does what comes, the daemon is told, and what was acknowledged is there again."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com")
            occupied = store._writer.call(pause)
            await asyncio.sleep(0)
            waiting = asyncio.ensure_future(put(store, "b@example.com"))
            await asyncio.sleep(0)
            os.kill(store._writer.pid, signal.SIGKILL)
            await asyncio.wait_for(store.died(), 60)
            for failed in (occupied, waiting, put(store)):
                with pytest.raises(StoreError, match="has died"):
                    await failed
            assert not store.healthy
        async with a_store(tmp_path) as store:
            assert sql(tmp_path, "SELECT address FROM recipient LIMIT 1") == [("a@example.com",)]
            assert store.stats.queued >= 1

    asyncio.run(story())


def test_what_a_killed_daemon_handed_over_is_written_before_the_next_one_starts(tmp_path: Path) -> None:
    """The writer keeps the directory's lock until it has committed what it has."""
    program = (
        "import asyncio, os, sys; from pathlib import Path; from tests.queue.mail import a_store, pause, put\n"
        ""
        "async def story():\n"
        "    async with a_store(Path(sys.argv[1])) as store:\n"
        "        await put(store, 'a@example.com')\n"
        "        store._writer.call(pause)\n"
        "        await asyncio.sleep(0)\n"
        "        await asyncio.sleep(0)\n"
        "        asyncio.ensure_future(put(store, 'b@example.com'))\n"
        "        await asyncio.sleep(0.001)\n"
        "        os.kill(os.getpid(), 9)\n"
        "asyncio.run(story())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL

    async def story() -> None:
        async with a_store(tmp_path) as store:
            assert sql(tmp_path, "SELECT address FROM recipient") == [("a@example.com",), ("b@example.com",)]
            assert store.stats.queued == 2

    asyncio.run(story())


def test_what_cannot_be_handed_over_fails_alone(tmp_path: Path) -> None:
    """An operation that does not cross to the process fails; what was submitted with it is stored, each for itself."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            results = asyncio.gather(
                put(store, "a@example.com"),
                store.do(lambda _: None),
                put(store, "b@example.com"),
                return_exceptions=True,
            )
            first, broken, second = await results
            assert isinstance(broken, StoreError)
            assert sql(tmp_path, "SELECT id FROM message ORDER BY id") == [(first,), (second,)]
            await put(store, "c@example.com")
            assert store.stats.queued == 3

    asyncio.run(story())


def test_what_has_its_end_gets_no_second_one(tmp_path: Path) -> None:
    """Counts and journal stay right when an entry is settled twice, together or one after the other."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store, "a@example.com", "b@example.com")
            a, b = await store.lease(KEY, 2)
            await store.settle([delivered(a), delivered(a)])
            await store.settle([delivered(a), delivered(b)])
            assert store.stats.queued == store.stats.leased == 0
            assert sql(tmp_path, "SELECT recipient FROM journal ORDER BY id") == [
                ("a@example.com",),
                ("b@example.com",),
            ]

    asyncio.run(story())
