"""What a site may be asked to take is never exceeded, and is used up."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to


async def test_message_rate(tmp_path: Path) -> None:
    """With one message a minute the second waits for the minute to pass, on the clock and not on a schedule."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'message_rate = "1/m"'), clock) as daemon:
        for _ in range(3):
            await daemon.submit(["a@one.example"])
        for sent in (1, 2, 3):
            await sink.wait_for(sent)
            assert sink.figures.messages == sent
            await daemon.until(lambda left=3 - sent: daemon.app.store.stats.queued == left)
            clock.advance(59)
            await daemon.settle()
            assert sink.figures.messages == sent
            clock.advance(1)
        assert sink.figures.connections <= 3


async def test_connections(tmp_path: Path) -> None:
    """Never are more connections open than the limit says, however much waits."""
    rules = '[[rule]]\ndot = {delay = "20ms"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink, "connections = 3\nmax_recipients = 1")) as daemon:
        await daemon.submit([f"r{n}@one.example" for n in range(30)])
        most = 0
        while sink.figures.messages < 30:
            await daemon.settle(rounds=1)
            most = max(most, sink.figures.open)
        assert most == 3
        assert sink.figures.connections == 3


async def test_messages_per_connection(tmp_path: Path) -> None:
    """After so many messages the connection is closed with QUIT, and another one goes on."""
    settings = "messages_per_connection = 4\nmax_recipients = 1\nconnections = 1"
    async with Sink() as sink, Daemon(tmp_path, to(sink, settings)) as daemon:
        await daemon.submit([f"r{n}@one.example" for n in range(10)])
        await sink.wait_for(10)
        assert sink.figures.connections == 3
        assert sink.figures.lost == 0
