"""STARTTLS works, is broken, is missing, or somebody in between speaks into it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to

BROKEN = ['starttls = {reply = "454 4.7.0 no TLS today"}', 'tls = {action = "garbage"}', 'tls = {action = "close"}']


async def test_it_works(tmp_path: Path) -> None:
    """What is offered is used, and the journal says with which cipher."""
    async with Sink(tls=True) as sink, Daemon(tmp_path, to(sink)) as daemon:
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
        assert (line.kind, line.tls.split()[0]) == ("delivered", "TLSv1.3")
        assert sink.messages[0].tls.startswith("TLSv1.3")


@pytest.mark.parametrize("trouble", BROKEN)
async def test_it_is_broken(tmp_path: Path, trouble: str) -> None:
    """The mail goes in the clear in the same attempt, and that host is not asked for TLS again for a while."""
    settings = 'idle_time = "0s"'
    async with Sink(tls=True, rules=f"[[rule]]\n{trouble}") as sink, Daemon(tmp_path, to(sink, settings)) as daemon:
        for connections in (2, 3):
            (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
            assert (line.kind, line.tls) == ("delivered", "")
            assert sink.figures.connections == connections
            await daemon.until(lambda: sink.figures.open == 0)


@pytest.mark.parametrize("trouble", ["", *BROKEN])
async def test_it_is_required(tmp_path: Path, trouble: str) -> None:
    """Without working TLS the mail waits, and is never sent in the clear."""
    clock, rules = FakeClock(), f"[[rule]]\n{trouble}"
    async with (
        Sink(tls=bool(trouble), rules=rules) as sink,
        Daemon(tmp_path, to(sink, 'tls = "required"'), clock) as daemon,
    ):
        id = await daemon.submit(["a@one.example"])
        for attempts in (1, 2):
            line = (await daemon.journal(id, attempts))[-1]
            assert (line.kind, line.code // 100, line.enhanced[:4]) == ("deferred", 4, "4.7.")
            assert sink.figures.recipients == sink.figures.lost == 0
            clock.advance(120)


async def test_somebody_speaks_into_it(tmp_path: Path) -> None:
    """Replies behind the 220 to STARTTLS are never taken for replies inside TLS: that connection is not used."""
    heard: list[bytes] = []

    async def injector(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.one.example ESMTP\r\n")
        while line := await reader.readline():
            heard.append(line.split()[0])
            if line.startswith(b"EHLO"):
                writer.write(b"250-mx.one.example\r\n250 STARTTLS\r\n")
            elif line.startswith(b"STARTTLS"):
                writer.write(b"220 go ahead\r\n250-mx.one.example\r\n250 PIPELINING\r\n")
            else:
                break
        writer.close()

    server = await asyncio.start_server(injector, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server, Daemon(tmp_path, to(port, 'tls = "required"')) as daemon:
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
        assert (line.kind, line.enhanced, line.text) == ("deferred", "4.7.5", "STARTTLS: a reply to nothing")
        assert heard == [b"EHLO", b"STARTTLS"]
