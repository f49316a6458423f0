"""Each deferred recipient is tried when its own time comes, whatever else its domain has waiting."""

from __future__ import annotations

from pathlib import Path

from postduif.queue.condition import Condition
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to

GREY = '[[rule]]\ndomain = "grey.example"\ngreylist = "1s"'


async def test_the_later_of_two(tmp_path: Path) -> None:
    """When the earlier retry of a domain has been delivered, the later one is still tried in time."""
    clock = FakeClock()
    async with Sink(rules=GREY, clock=clock) as sink, Daemon(tmp_path, to(sink, 'retry = "1m"'), clock) as daemon:
        first = await daemon.submit(["a@grey.example"])
        await daemon.journal(first)
        clock.advance(30)
        second = await daemon.submit(["b@grey.example"])
        await daemon.journal(second)
        clock.advance(30)
        await daemon.journal(first, 2)
        await sink.wait_for(1)
        await daemon.settle()
        clock.advance(30)
        assert [line.kind for line in await daemon.journal(second, 2)] == ["deferred", "delivered"]


async def test_new_mail_in_between(tmp_path: Path) -> None:
    """New mail for a domain does not make its deferred mail late."""
    clock = FakeClock()
    async with Sink(rules=GREY, clock=clock) as sink, Daemon(tmp_path, to(sink, 'retry = "1m"'), clock) as daemon:
        first = await daemon.submit(["a@grey.example"])
        await daemon.journal(first)
        clock.advance(30)
        await daemon.submit(["a@grey.example"])
        await sink.wait_for(1)
        await daemon.settle()
        clock.advance(30)
        assert [line.kind for line in await daemon.journal(first, 2)] == ["deferred", "delivered"]


async def test_released_before_its_time(tmp_path: Path) -> None:
    """What was held while it waited, and let go before it is due, is tried when it is due."""
    clock = FakeClock()
    condition = Condition(recipient="a@grey.example")
    async with Sink(rules=GREY, clock=clock) as sink, Daemon(tmp_path, to(sink, 'retry = "1m"'), clock) as daemon:
        first = await daemon.submit(["a@grey.example"])
        await daemon.journal(first)
        assert await daemon.app.store.hold(condition, "operator", "wait") == 1
        await daemon.submit(["b@other.example"])
        await sink.wait_for(1)
        await daemon.settle()
        clock.advance(30)
        await daemon.settle()
        assert await daemon.app.store.unhold(condition) == 1
        await daemon.settle()
        clock.advance(30)
        assert [line.kind for line in await daemon.journal(first, 2)] == ["deferred", "delivered"]
