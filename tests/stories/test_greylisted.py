"""Greylisting: refused at first, taken later."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to


async def test_greylisted_then_delivered(tmp_path: Path) -> None:
    """Attempts follow the schedule until the host has seen us for long enough."""
    clock = FakeClock()
    began = clock.time()
    rules = '[[rule]]\ndomain = "grey.example"\nrcpt = {reply = "451 4.7.1 greylisted"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink, 'retry = "1m, 5m"'), clock) as daemon:
        id = await daemon.submit(["a@grey.example"])
        for attempt, due in enumerate((60.0, 360.0, 660.0), 1):
            await daemon.journal(id, attempt)
            (waiting,) = await daemon.waiting()
            assert (waiting.attempts, waiting.due - began, waiting.last_reply) == (attempt, due, "451 4.7.1 greylisted")
            clock.advance(waiting.due - clock.time())


async def test_the_wait_that_is_asked_for_is_kept(tmp_path: Path) -> None:
    """ "Try again in 300 seconds" is honoured although the schedule says a minute."""
    clock = FakeClock()
    rules = '[[rule]]\ndomain = "grey.example"\ngreylist = "5m"'
    async with Sink(rules=rules, clock=clock) as sink, Daemon(tmp_path, to(sink, 'retry = "1m"'), clock) as daemon:
        id = await daemon.submit(["a@grey.example"])
        (first,) = await daemon.journal(id)
        assert (first.kind, first.text) == ("deferred", "greylisted, try again in 300 seconds")
        clock.advance(299)
        assert (await daemon.waiting())[0].due == clock.time() + 1
        clock.advance(1)
        await sink.wait_for(1)
        assert [line.kind for line in await daemon.journal(id, 2)] == ["deferred", "delivered"]
        assert sink.figures.refused["451 4.7.1"] == 1
