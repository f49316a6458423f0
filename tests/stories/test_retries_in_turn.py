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
    """A domain that was held while its mail waited, and is let go before that is due, gets it when it is due."""
    clock = FakeClock()
    condition = Condition(domain="grey.example")
    rules = '[[rule]]\ngreylist = "1s"'
    async with Sink(rules=rules, clock=clock) as sink, Daemon(tmp_path, to(sink, 'retry = "1m"'), clock) as daemon:
        await daemon.journal(await daemon.submit(["a@other.example"]))
        clock.advance(10)
        held = await daemon.submit(["b@grey.example"])
        await daemon.journal(held)
        assert await daemon.app.store.hold(condition, "operator", "wait") == 1
        clock.advance(50)
        await sink.wait_for(1)
        await daemon.settle()
        assert await daemon.app.store.unhold(condition) == 1
        await daemon.settle()
        clock.advance(10)
        assert [line.kind for line in await daemon.journal(held, 2)] == ["deferred", "delivered"]
