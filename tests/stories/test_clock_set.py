"""Somebody sets the clock, or the machine was off for days: nothing is given up untried, nothing waits for ever."""

from __future__ import annotations

from pathlib import Path

from postduif.mta.delivery import SWEEP
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import EVERYTHING, Daemon
from tests.stories.roads import free_port, to

DAY = 86400.0


async def kinds(daemon: Daemon, id: int, count: int) -> list[str]:
    """Of the journal's lines about a message, oldest first, once there are so many."""
    return [line.kind for line in await daemon.journal(id, count)]


async def test_after_a_long_pause_everything_is_tried_once_more(tmp_path: Path) -> None:
    """What came before the machine was off for longer than its lifetime is tried before it is given up."""
    port, clock = free_port(), FakeClock()
    settings = to(port, 'lifetime = "1d"\nretry = "1h"')
    async with Daemon(tmp_path, settings, clock) as daemon:
        good = await daemon.submit(["a@one.example"])
        assert await kinds(daemon, good, 1) == ["deferred"]
        bad = await daemon.submit(["tempfail@two.example"])
    clock.advance(5 * DAY)
    async with Sink(port=port) as sink, Daemon(tmp_path, settings, clock) as daemon:
        assert await kinds(daemon, good, 2) == ["deferred", "delivered"]
        assert await kinds(daemon, bad, 1) == ["deferred"]
        clock.advance(2)
        assert await kinds(daemon, bad, 2) == ["deferred"] * 2
        clock.advance(3 * 3600)
        assert await kinds(daemon, bad, 3) == ["deferred"] * 2 + ["expired"]
        await sink.wait_for(2)
        assert [mail.sender for mail in sink.messages] == ["app@sender.example", ""]


async def test_a_jump_forward_gives_up_nothing_that_is_held(tmp_path: Path) -> None:
    """What cannot be tried has its chance after the jump: the operator may set the clock right, or let it go."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'lifetime = "1d"'), clock) as daemon:
        await daemon.app.store.hold(EVERYTHING, "me", "to see")
        held = [await daemon.submit(["a@one.example"], sender="") for _ in range(2)]
        clock.advance(3 * 3600)
        await daemon.until(lambda: clock.awaited(SWEEP))
        clock.jump(30 * DAY)
        for _ in range(3):
            clock.advance(1800)
            await daemon.until(lambda: clock.awaited(SWEEP))
        assert len(await daemon.waiting()) == 2
        clock.advance(2 * 3600)
        assert await kinds(daemon, held[0], 1) == ["expired"]


async def test_a_jump_back_freezes_nothing(tmp_path: Path) -> None:
    """What was due in a quarter of an hour is not due in five days now."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'retry = "15m"'), clock) as daemon:
        id = await daemon.submit(["tempfail@one.example"])
        assert await kinds(daemon, id, 1) == ["deferred"]
        clock.jump(-5 * DAY)
        clock.advance(11)
        assert await kinds(daemon, id, 2) == ["deferred", "deferred"]
        clock.advance(900)
        assert await kinds(daemon, id, 3) == ["deferred"] * 3


async def test_a_clock_set_back_while_we_were_down_freezes_nothing(tmp_path: Path) -> None:
    """The first look after the start finds what waits for a time that was never meant."""
    clock = FakeClock()
    async with Sink() as sink:
        async with Daemon(tmp_path, to(sink, 'retry = "15m"'), clock) as daemon:
            id = await daemon.submit(["tempfail@one.example"])
            await daemon.journal(id)
        earlier = FakeClock(clock.time() - 5 * DAY)
        async with Daemon(tmp_path, to(sink, 'retry = "15m"'), earlier) as daemon:
            await daemon.settle()
            earlier.advance(11)
            await daemon.until(lambda: sink.figures.connections == 2)
            assert len(await daemon.journal(id, 2)) == 2
