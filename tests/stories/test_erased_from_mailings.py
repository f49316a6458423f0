"""People who are erased while mailings to them are in all states: no file names them in the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from postduif.mta.erasures import AGAIN, EVERY
from postduif.queue.connection import FILE_NAME
from postduif.queue.inspect import looking
from postduif.queue.mailing import directory_of
from postduif.queue.mailing_file import hand_over
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.mailings import handed_over, prepared
from tests.stories.roads import to
from tests.stories.test_mailing import PEOPLE, rows, told
from tests.stories.test_returned import SETTINGS

GONE = PEOPLE[5:10]
HERE = {*PEOPLE[:5], *PEOPLE[10:]}
_NAMED = "SELECT recipient FROM journal UNION SELECT address FROM recipient"


def named(directory: Path, number: int) -> set[object]:
    """All that the file of a mailing names."""
    return {name for (name,) in rows(directory, _NAMED, number)} - {""}


def orders(directory: Path) -> int:
    """Addresses that are still to be looked for."""
    with looking(directory / "data") as connection:
        return int(connection.execute("SELECT count(*) FROM erasure").fetchone()[0])


async def erased(daemon: Daemon, people: list[str] = GONE) -> Any:
    """What is said to whoever erases them."""
    return await told(daemon, "suppress.erase", addresses=people, reason="asked", by="me")


async def later(daemon: Daemon, true: Callable[[], object]) -> None:
    """Time passes until it is so."""

    async def seen() -> bool:
        daemon.clock.advance(1)
        await daemon.app.mailings.look()
        return bool(true())

    await daemon.until(seen)


async def test_in_no_result(tmp_path: Path) -> None:
    """What became of them stays as a number; address and words of their host go, also of who still waited."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), waves=(len(PEOPLE) // 2, len(PEOPLE) // 2))
        await told(daemon, "mailing.open")
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(len(PEOPLE) // 2,)])
        (waits,), (has,) = (
            rows(tmp_path, f"SELECT {column} FROM {table} LIMIT 1")[0]
            for column, table in (("address", "recipient"), ("recipient", "journal"))
        )
        await told(daemon, "suppress.erase", addresses=[waits, has], reason="asked", by="me")
        left = "SELECT (SELECT count(*) FROM recipient WHERE address IN ({0}))"
        left += " + (SELECT count(*) FROM journal WHERE recipient IN ({0}))"

        async def gone() -> bool:
            daemon.clock.advance(1)
            await daemon.app.mailings.look()
            return rows(tmp_path, left.format(f"'{waits}', '{has}'")) == [(0,)]

        await daemon.until(gone)
        assert rows(tmp_path, "SELECT count(*) FROM journal") == [(len(PEOPLE) // 2 + 1,)]


async def test_just_before_the_end(tmp_path: Path) -> None:
    """The file of a mailing that ended meanwhile names nobody who waited in it."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), waves=(1, 19))
        await told(daemon, "mailing.open")
        await sink.wait_for(1)
        assert not (await erased(daemon))["going_on"]
        await told(daemon, "mailing.stop")
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)])
        await later(daemon, lambda: len(list(daemon.app.stores)) == 1 and named(tmp_path, 7) == HERE)


async def test_handed_over_meanwhile_and_by_the_next_daemon(tmp_path: Path) -> None:
    """Who was prepared before and is handed over within the minute is found, also by a daemon that starts in it."""
    clock, data_dir = FakeClock(), tmp_path / "data"
    async with Sink() as sink:
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            await erased(daemon)
            handed_over(data_dir, 7, PEOPLE, clock.time())
            await told(daemon, "mailing.pause")
            await later(daemon, lambda: named(tmp_path, 7) == HERE)
        ready = prepared(data_dir, 8, PEOPLE)
        hand_over(ready, data_dir, at=clock.time(), expires_at=clock.time() + 86400, waves=())
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            await told(daemon, "mailing.open")
            await later(daemon, lambda: named(tmp_path, 8) == HERE)
            assert orders(tmp_path) == len(GONE)
            clock.advance(AGAIN)
            await later(daemon, lambda: orders(tmp_path) == 0)


async def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The order stays, whoever erases hears so, and it is carried out as soon as the file is well."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time())
        await told(daemon, "mailing.open")
        await daemon.until(lambda: len(sink.messages) == len(PEOPLE))
        file = directory_of(tmp_path / "data", 7) / FILE_NAME
        await later(daemon, (file.parent / "ended").exists)
        whole = file.read_bytes()
        file.write_bytes(b"no database" * 1000)
        asked = daemon.clock.time()
        assert (await erased(daemon))["going_on"]
        standing = await told(daemon, "suppress.erasing")
        assert isinstance(standing, dict)
        assert {**standing, "failed": list(standing["failed"])} == {
            "addresses": len(GONE),
            "since": asked,
            "failed": ["7"],
        }
        daemon.clock.advance(AGAIN + EVERY)
        await daemon.settle()
        file.write_bytes(whole)
        await later(daemon, lambda: named(tmp_path, 7) == HERE)
        await later(daemon, lambda: orders(tmp_path) == 0)
        assert await told(daemon, "suppress.erasing") == {"addresses": 0, "since": None, "failed": {}}
