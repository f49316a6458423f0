"""Mailings whose files, or whose neighbours, are in trouble."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.address import parse
from postduif.mta import mailings
from postduif.mta.control import ask
from postduif.queue.mailing import Terms, directory_of
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.mailings import handed_over
from tests.stories.roads import to
from tests.stories.test_mailing import rows, told
from tests.stories.test_returned import SETTINGS, comes_back

PAGE = 8192


async def test_a_damaged_page_costs_its_rows(tmp_path: Path) -> None:
    """Who stands on other pages gets the mailing, at its own terms."""
    clock = FakeClock()
    people = [f"p{number}@d{number % 9}.example" for number in range(400)]
    data = tmp_path / "data"
    async with Sink() as sink:
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock):
            handed_over(data, 7, people, clock.time(), terms=Terms(mail_type="news"))
            path = directory_of(data, 7) / "queue.sqlite"
            content = bytearray(path.read_bytes())
            page = content.rfind(b"p200@d2.example") // PAGE * PAGE  # the first may be what a page held once
            content[page : page + 64] = b"\xff" * 64
            path.write_bytes(content)
            path.with_name("queue.sqlite.suspect").touch()
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            await told(daemon, "mailing.open")
            await sink.wait_for(200)
            await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)])
            assert daemon.app.stores.terms("mailing:7").mail_type == "news"
            got = [one.recipients[0] for one in sink.messages]
            assert len(got) == len(set(got)) >= 200
            assert set(got) < set(people)


async def test_one_with_nothing_to_send_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When as many are open as may be, one whose recipients wait for later is closed for another, and comes back."""
    monkeypatch.setattr(mailings, "MOST_OPEN", 1)
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, ["tempfail@one.example"], daemon.clock.time())
        await told(daemon, "mailing.open")
        await daemon.until(lambda: rows(tmp_path, "SELECT attempts FROM recipient WHERE due > 1") == [(1,)])
        handed_over(tmp_path / "data", 8, ["a@one.example"], daemon.clock.time())
        daemon.clock.advance(1)
        for _ in range(3):  # what is due within a minute stays
            await daemon.app.mailings.look()
        await daemon.until(lambda: daemon.clock.advance(5) or _attempts(tmp_path) > 2)
        await daemon.app.mailings.look()
        await sink.wait_for(1)
        assert sink.messages[0].recipients == ("a@one.example",)


def _attempts(directory: Path) -> int:
    return int(str(rows(directory, "SELECT attempts FROM recipient")[0][0]))


async def test_what_one_may_leave_is_known_after_its_end(tmp_path: Path) -> None:
    """Long after a mailing has ended, also after a restart, its unsubscribe address is that of its type of mail."""
    clock = FakeClock()
    async with Sink() as sink:
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            handed_over(tmp_path / "data", 7, ["a@one.example"], clock.time(), terms=Terms(mail_type="news"))
            await told(daemon, "mailing.open")
            await sink.wait_for(1)
            await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)])
            await daemon.app.mailings.look()
            await daemon.app.mailings.look()
        header = sink.messages[0].content.split(b"List-Unsubscribe: <mailto:")[1].partition(b">")[0]
        leave = header.replace(b"\r\n", b"").replace(b" ", b"").decode()
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            assert (await comes_back(daemon, leave, b"From: a@one.example\r\n\r\nno more\r\n", "a@one.example"))[
                0
            ] == 250
            await daemon.until(lambda: daemon.app.suppressions.suspect(parse("a@one.example")))
            shown = await asyncio.to_thread(_shown, daemon)
            assert [entry["type"] for entry in shown[0]["entries"]] == ["news"]


def _shown(daemon: Daemon) -> list[dict[str, list[dict[str, str]]]]:
    found: list[dict[str, list[dict[str, str]]]] = ask(
        daemon.path.parent / "run", "suppress.show", addresses=["a@one.example"]
    )
    return found
