"""Mail that outlived its lifetime is given up, wherever it waits, and its sender is told."""

from __future__ import annotations

from pathlib import Path

from postduif.queue.condition import Condition
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import to

DAY = 86400.0


async def test_deferred_for_too_long(tmp_path: Path) -> None:
    """After the lifetime comes 5.4.7, with the last words of the host that never took it."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'lifetime = "1d"\nretry = "20h"'), clock) as daemon:
        id = await daemon.submit(["tempfail@one.example"])
        for attempts, wait in ((1, 20 * 3600), (2, 4 * 3600), (3, 2)):
            await daemon.journal(id, attempts)
            clock.advance(wait)
        await sink.wait_for(1)
        (status,) = statuses(sink.messages[0].content)
        assert (status["Action"], status["Status"]) == ("failed", "5.4.7")
        assert "450 4.2.1 mailbox busy" in status["Diagnostic-Code"]
        assert [line.kind for line in await daemon.journal(id, 4)] == ["deferred"] * 3 + ["expired"]


async def test_held_for_too_long(tmp_path: Path) -> None:
    """A hold does not keep mail for ever: it expires like any other."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'lifetime = "1d"'), clock) as daemon:
        await daemon.app.store.hold(Condition(domain="one.example"), "operator", "we look into it")
        id = await daemon.submit(["a@one.example"])
        await daemon.settle()
        assert sink.figures.messages == 0
        clock.advance(1.1 * DAY)
        await sink.wait_for(1)
        (status,) = statuses(sink.messages[0].content)
        assert status["Status"] == "5.4.7"
        assert [line.kind for line in await daemon.journal(id)] == ["expired"]
