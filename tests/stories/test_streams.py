"""Who goes first when many wait for one site."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.stories.daemon import Daemon, text
from tests.stories.roads import to

STREAMS = """
    [[stream]]
    name = "urgent"
    priority = 90
    [[stream]]
    name = "bulk"
    priority = 10
"""
ONE_BY_ONE = "connections = 1\nmax_recipients = 1\nmessages_per_connection = 0"


def in_stream(name: str) -> bytes:
    """A mail that names its stream."""
    return b"X-Postduif-Stream: " + name.encode() + b"\r\n" + text()


async def test_urgent_overtakes_bulk(tmp_path: Path) -> None:
    """A transactional mail goes before the hundreds of bulk mail that were there before it."""
    rules = '[[rule]]\ndot = {delay = "5ms"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink, ONE_BY_ONE) + STREAMS) as daemon:
        await daemon.submit([f"r{n}@one.example" for n in range(200)], content=in_stream("bulk"))
        await sink.wait_for(5)
        await daemon.submit(["now@one.example"], content=in_stream("urgent"))
        before = sink.figures.messages
        await daemon.until(lambda: any(mail.recipients == ("now@one.example",) for mail in sink.messages))
        assert sink.figures.messages <= before + 10
        assert b"X-Postduif-Stream" not in sink.messages[-1].content


async def test_domains_take_turns(tmp_path: Path) -> None:
    """A domain with a few recipients does not wait for one with hundreds at the same site."""
    rules = '[[rule]]\ndot = {delay = "5ms"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink, ONE_BY_ONE)) as daemon:
        await daemon.submit([f"r{n}@large.example" for n in range(200)])
        await sink.wait_for(2)
        await daemon.submit([f"r{n}@small.example" for n in range(5)])
        before = sink.figures.messages

        def small() -> int:
            return sum(mail.recipients[0].endswith("@small.example") for mail in sink.messages)

        await daemon.until(lambda: small() == 5)
        assert sink.figures.messages <= before + 20
