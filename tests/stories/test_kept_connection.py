"""A connection that is kept open, and closed by the other side while it is idle, is nobody's failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.roads import to


async def test_used_again(tmp_path: Path) -> None:
    """The second mail goes over the connection of the first."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        for _ in range(3):
            await daemon.journal(await daemon.submit(["a@one.example"]))
        assert sink.figures.connections == 1


@pytest.mark.parametrize("without", ["", "CHUNKING", "CHUNKING PIPELINING"], ids=["bdat", "pipelined", "slow"])
async def test_closed_while_idle(tmp_path: Path, without: str) -> None:
    """Mail that meets a connection just being closed goes at once over another, with nothing in the journal."""
    rules = "[[rule]]\nmax_messages = 1"
    async with Sink(rules=rules, without=without.split()) as sink, Daemon(tmp_path, to(sink)) as daemon:
        for connections in (1, 2, 3):
            id = await daemon.submit(["a@one.example"])
            assert [line.kind for line in await daemon.journal(id)] == ["delivered"]
            assert sink.figures.connections == connections


async def test_gone_while_idle(tmp_path: Path) -> None:
    """The same when the other side just goes away."""
    async with Sink(timeout=0.4) as sink, Daemon(tmp_path, to(sink)) as daemon:
        for _ in range(3):
            id = await daemon.submit(["a@one.example"])
            assert [line.kind for line in await daemon.journal(id)] == ["delivered"]
            await daemon.until(lambda: sink.figures.open == 0)
            await daemon.until(lambda: not any(route.connections for route in daemon.app.delivery.routes.values()))
