"""`postduif site`: the roads, held and let go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from postduif.mta.control import ask
from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, cells, installed, run, written


def test_a_suspended_site_gets_nothing(tmp_path: Path) -> None:
    """suspend keeps mail in the queue, show says why, resume lets it go."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            await daemon.submit(["a@x.example"])
            await sink.wait_for(1)
            (site,) = await asked_json(daemon, "site", "show")
            assert (site["site"], site["hosts"], site["state"]) == ("next_hop:*", ["localhost"], "ready")
            told = await asked(daemon, "site", "suspend", "next_hop:*", "--reason", "they asked")
            assert told.stdout == "next_hop:* is suspended\n"
            (held,) = await asyncio.to_thread(ask, tmp_path / "run", "site.suspended")
            assert (held["site"], held["reason"], held["until"]) == ("next_hop:*", "they asked", None)
            await daemon.submit(["b@x.example"])
            (row,) = cells(await asked(daemon, "site", "show"))
            assert row[:2] == ["next_hop:*", "suspended: they asked"]
            assert sink.figures.messages == 1
            assert (await asked(daemon, "site", "resume", "next_hop:*")).stdout == "next_hop:* is resumed\n"
            await sink.wait_for(2)

    asyncio.run(story())


def test_a_suspension_ends_by_itself(tmp_path: Path) -> None:
    """With --for, mail goes again at the first look after its end; a length that is none is refused."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            refused = await asked(daemon, "site", "suspend", "next_hop:*", "--reason", "x", "--for", "long")
            assert refused.exit_code == 2
            await asked(daemon, "site", "suspend", "next_hop:*", "--reason", "x", "--for", "1s")
            await daemon.submit(["a@x.example"])
            orders = daemon.app.delivery.orders
            (held,) = orders.suspended()
            assert held.until is not None
            await daemon.until(lambda: time.time() > held.until)
            await orders.tidy()
            assert orders.suspended() == []
            await sink.wait_for(1)

    asyncio.run(story())


def test_resume_what_is_not_held(tmp_path: Path) -> None:
    """That nothing holds a site is said in one line, with status 1."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            result = await asked(daemon, "site", "resume", "mx.example")
            assert result.exit_code == 1
            assert result.stderr == "postduif: mx.example is neither suspended nor resting; see `postduif site show`\n"
            assert (await asked(daemon, "site", "show")).stdout == ""

    asyncio.run(story())


@pytest.mark.parametrize("words", [["show"], ["suspend", "x", "--reason", "y"], ["resume", "x"]])
def test_no_daemon(tmp_path: Path, words: list[str]) -> None:
    """Roads live in the daemon: without one there is one line with the remedy, and status 1."""
    result = run(written(tmp_path), "site", *words)
    assert result.exit_code == 1
    assert result.stderr == (
        f"postduif: no daemon answers at {tmp_path}/run/control.sock; start it with `postduif serve`\n"
    )


def test_a_reason_is_wanted(tmp_path: Path) -> None:
    """Nobody suspends a site without saying why."""
    result = run(written(tmp_path), "site", "suspend", "mx.example")
    assert result.exit_code == 2
    assert "Missing option '--reason'" in result.stderr
