"""Work on files for pages, a few at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from postduif.campaign.public import threads
from postduif.campaign.public.threads import Busy, Threads
from tests.fakes import FakeClock


def test_no_endless_row(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Beyond MOST_WAITING who comes is refused at once, and the log says so in one line for many."""
    monkeypatch.setattr(threads, "MOST_WAITING", 2)

    async def ask() -> None:
        clock = FakeClock(0)
        rooms, go = Threads(clock), threading.Event()
        there = [asyncio.create_task(rooms.run(go.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        for late in (0, 0, 0, 11):
            clock.advance(late)
            with pytest.raises(Busy):
                await rooms.run(go.wait)
        go.set()
        assert await asyncio.gather(*there) == [True, True]
        assert await rooms.run(go.wait)

    asyncio.run(ask())
    lines = [line for line in capfd.readouterr().err.splitlines() if "public_pages_busy" in line]
    assert [("refused=1" in lines[0], "refused=3" in lines[1])] == [(True, True)]
    assert len(lines) == 2
