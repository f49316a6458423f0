"""The daemon's own life: settings read again, one daemon a queue, a stop under load."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

import pytest

from postduif.app import App
from postduif.errors import StoreError
from postduif.sink import Sink
from tests.mta.tls_pair import make
from tests.stories.daemon import PATIENCE, Daemon
from tests.stories.roads import free_port, to


async def test_reload(tmp_path: Path) -> None:
    """After a reload mail goes where the new settings say."""
    port = free_port()
    async with Daemon(tmp_path, to(port)) as daemon, Sink() as sink:
        daemon.path.write_text(daemon.path.read_text().replace(str(port), str(sink.port)))
        daemon.app.reload()
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
        assert line.kind == "delivered"


@pytest.mark.parametrize("mistake", ["[delivery", "[delivery]\nretrry = 1", '[[dkim]]\ndomain = "a.example"\n'])
async def test_broken_settings(tmp_path: Path, mistake: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A broken file is refused, the log says why, and everything goes on as before."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        daemon.path.write_text(mistake)
        daemon.app.reload()
        await daemon.until(lambda: "reload_refused" in capfd.readouterr().err)
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
        assert line.kind == "delivered"


async def test_second_daemon(tmp_path: Path) -> None:
    """A second daemon on the same queue is refused; the first goes on."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        with pytest.raises(StoreError, match="data"):
            App(daemon.path, daemon.clock)
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
        assert line.kind == "delivered"


# asyncio's own server forgets a client that it is accepting while it is closed: uvloop's does not.
@pytest.mark.parametrize("loop", ["uvloop"], indirect=True)
async def test_stop_under_load(tmp_path: Path) -> None:
    """Stopped and started while mail comes in and goes out: each acknowledged mail arrives, none twice."""
    async with Sink(rules='[[rule]]\ndot = {delay = "5ms"}') as sink:
        acknowledged: set[int] = set()
        for _ in range(4):
            async with Daemon(tmp_path, to(sink, "connections = 4")) as daemon:
                clients = [asyncio.create_task(_submit_until_closed(daemon, acknowledged)) for _ in range(4)]
                seen = len(acknowledged)
                await daemon.until(lambda seen=seen: len(acknowledged) >= seen + 20)
            await asyncio.gather(*clients)
        async with Daemon(tmp_path, to(sink)) as daemon:
            await daemon.until(lambda: daemon.app.store.stats.queued == 0)
            for id in acknowledged:
                assert [line.kind for line in await daemon.journal(id)] == ["delivered"]
        assert len(acknowledged) <= sink.figures.messages <= len(acknowledged) + 16
        assert sink.figures.duplicates == 0
        assert sink.figures.lost == 0


async def _submit_until_closed(daemon: Daemon, acknowledged: set[int]) -> None:
    while True:
        try:
            acknowledged.add(await daemon.submit(["a@one.example"]))
        except (OSError, AssertionError):  # smtplib's errors are OSErrors; 421 and the end of the listener
            return


async def test_two_listeners_on_any_port(tmp_path: Path) -> None:
    """Port 0 may be there twice: each keeps its own TLS and its own settings, after a reload too."""
    pair = make(tmp_path)
    second = f"""
[[listener]]
address = "127.0.0.1:0"
tls = "starttls"
certificate = "{pair.certificate}"
private_key = "{pair.private_key}"
"""
    async with Daemon(tmp_path, second) as daemon:

        def offers() -> list[tuple[bool, int]]:
            found = []
            for server in daemon.app.servers:
                with smtplib.SMTP(*server.address[:2], timeout=PATIENCE) as client:
                    client.ehlo("app.sender.example")
                    starttls = client.has_extn("starttls")
                    client.mail("app@sender.example")
                    found.append((starttls, client.rcpt("a@one.example")[0]))
            return found

        first = await asyncio.to_thread(offers)
        assert first == [(False, 250), (True, 550)]
        daemon.app.reload()
        assert await asyncio.to_thread(offers) == first
