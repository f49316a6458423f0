"""The threads that sign: results, failures, cancelled callers, loops that end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from postduif.mta.dkim_pool import Pool


def test_work_runs_in_the_named_threads() -> None:
    """Jobs are done away from the loop's thread, each result goes to its own caller."""

    async def run(pool: Pool) -> None:
        results = await asyncio.gather(*[pool.run(lambda n=number: b"%d" % n) for number in range(500)])
        assert list(results) == [b"%d" % number for number in range(500)]
        assert (await pool.run(lambda: threading.current_thread().name.encode())).startswith(b"tests-")

    pool = Pool(2, "tests")
    asyncio.run(run(pool))
    pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tests-")]


def test_failure_goes_to_the_caller() -> None:
    """An exception in a job is raised where it was awaited, and the thread lives on."""

    def fail() -> bytes:
        raise MemoryError("no room")

    async def run(pool: Pool) -> None:
        with pytest.raises(MemoryError, match="no room"):
            await pool.run(fail)
        assert await pool.run(lambda: b"on") == b"on"

    pool = Pool(1, "tests")
    asyncio.run(run(pool))
    pool.close()


def test_cancelled_job_is_dropped() -> None:
    """A job whose caller has gone before it began is not done; one under way does no harm."""
    begun, gate, done = threading.Event(), threading.Event(), []

    def wait() -> bytes:
        begun.set()
        gate.wait()
        return b"late"

    def work() -> bytes:
        done.append(1)
        return b""

    async def run(pool: Pool) -> None:
        under_way = pool.run(wait)
        waiting = pool.run(work)
        begun.wait()
        under_way.cancel()
        waiting.cancel()
        gate.set()
        assert await pool.run(lambda: b"next") == b"next"

    pool = Pool(1, "tests")
    asyncio.run(run(pool))
    pool.close()
    assert done == []


def test_closed_loop_does_no_harm() -> None:
    """A result for a loop that has ended is dropped; the next loop is served."""
    gate = threading.Event()

    async def leave(pool: Pool) -> None:
        pool.run(lambda: b"x" if gate.wait() else b"")

    async def stay(pool: Pool) -> bytes:
        return await pool.run(lambda: b"y")

    pool = Pool(1, "tests")
    asyncio.run(leave(pool))
    gate.set()
    assert asyncio.run(stay(pool)) == b"y"
    pool.close()


def test_close_without_work() -> None:
    """A pool that was never used closes at once, twice too."""
    pool = Pool(2, "tests")
    pool.close()
    pool.close()
