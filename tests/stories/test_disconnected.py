"""The host hangs up, at each stage of the conversation: no mail is lost, and only after the dot is it in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import free_port, to

STAGES = ["connect", "ehlo", "mail", "rcpt", "data", "body", "dot"]


@pytest.mark.parametrize("without", ["", "CHUNKING", "CHUNKING PIPELINING"], ids=["bdat", "pipelined", "slow"])
@pytest.mark.parametrize("stage", STAGES)
async def test_then_delivered(tmp_path: Path, stage: str, without: str) -> None:
    """One connection that ends early costs one attempt; the next delivers."""
    clock, port = FakeClock(), free_port()
    async with Daemon(tmp_path, to(port), clock) as daemon:
        async with Sink(port=port, rules=f'[[rule]]\n{stage} = {{action = "close"}}', without=without.split()):
            id = await daemon.submit(["a@one.example"])
            (line,) = await daemon.journal(id)
            assert (line.code, line.enhanced[:3], line.remote_mta) == (421, "4.4", "")
            assert line.kind == ("ambiguous" if _in_doubt(stage, without) else "deferred")
        async with Sink(port=port) as sink:
            clock.advance(60)
            await sink.wait_for(1)
            assert (await daemon.journal(id, 2))[1].kind == "delivered"


def _in_doubt(stage: str, without: str) -> bool:
    """With CHUNKING one write has all, so that a host that says nothing may have taken it."""
    return stage in ("body", "dot") or (not without and stage not in ("connect", "ehlo"))


async def test_at_quit(tmp_path: Path) -> None:
    """A host that hangs up instead of answering QUIT took the mail all the same."""
    rules = '[[rule]]\nquit = {action = "reset"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink, 'idle_time = "0s"')) as daemon:
        for _ in range(2):
            assert [one.kind for one in await daemon.journal(await daemon.submit(["a@one.example"]))] == ["delivered"]
            await daemon.until(lambda: sink.figures.open == 0)
