"""The host resets, talks nonsense, talks without end or says nothing at all, at each stage of the conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import free_port, to

STAGES = ["connect", "ehlo", "mail", "rcpt", "data", "body", "dot"]
SHORT = """
    greeting_timeout = "200ms"
    command_timeout = "200ms"
    data_timeout = "200ms"
    final_timeout = "200ms"
"""


@pytest.mark.parametrize("loop", ["uvloop"], indirect=True)
@pytest.mark.parametrize("action", ["reset", "garbage", "endless", "hang"])
@pytest.mark.parametrize("stage", STAGES)
async def test_then_delivered(tmp_path: Path, stage: str, action: str) -> None:
    """It costs one attempt, which is transient; what is said is bounded and printable; the next attempt delivers."""
    clock, port = FakeClock(), free_port()
    rules = f'[[rule]]\n{stage} = {{action = "{action}"}}'
    async with Daemon(tmp_path, to(port, SHORT), clock) as daemon:
        async with Sink(port=port, rules=rules):
            id = await daemon.submit(["a@one.example"])
            (line,) = await daemon.journal(id)
            assert line.kind == ("deferred" if stage in ("connect", "ehlo") else "ambiguous")
            assert (line.code, line.enhanced[:2], line.remote_mta) == (421, "4.", "")
            assert line.text.isprintable()
            assert len(line.text) < 200
        async with Sink(port=port) as sink:
            clock.advance(60)
            await sink.wait_for(1)
            assert (await daemon.journal(id, 2))[1].kind == "delivered"
