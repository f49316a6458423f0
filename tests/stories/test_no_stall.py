"""What is ready is sent, or given up, whatever happens beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.clock import SystemClock
from postduif.envelope import Entry, Message
from postduif.errors import StoreError
from postduif.mta.delivery import SWEEP
from postduif.mta.downgrade import fit
from postduif.reply import Reply
from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.stories.daemon import EVERYTHING, Daemon, text
from tests.stories.roads import by_mx, free_port, to

APART = """
    one.example MX 10 mx1.big.example
    two.example MX 10 mx2.big.example
    mx1.big.example A 127.0.0.2
    mx2.big.example A 127.0.0.3
"""
SLOW = """
    one.example MX 10 mx.one.example
    mx.one.example FAULT A HELD
    mx.one.example A 127.0.0.1
"""


async def test_hosts_that_share_a_connection_limit(tmp_path: Path) -> None:
    """Mail for other hosts of a site goes as soon as the site's only connection is over."""
    port = free_port()
    rules = "".join(f'[[rule]]\ndomain = "mx{n}"\nlisten = "127.0.0.{n + 1}:{port}"\n' for n in (1, 2))
    site = '[[site]]\nname = "big"\nmx = [".big.example"]\nconnections = 1\nidle_time = "100ms"'
    with DnsServer(APART) as dns:
        settings = by_mx(dns, port) + site
        async with Sink(rules=rules) as sink, Daemon(tmp_path, settings, SystemClock()) as daemon:  # type: ignore[arg-type]
            await daemon.submit(["a@one.example"])
            await sink.wait_for(1)
            await daemon.submit(["b@two.example"])
            await sink.wait_for(2)


async def test_reload_while_the_hosts_are_looked_up(tmp_path: Path) -> None:
    """A reload takes nothing from a connection that is being opened."""
    port = free_port()
    with DnsServer(SLOW) as dns:
        async with Sink(port=port) as sink, Daemon(tmp_path, by_mx(dns, port)) as daemon:
            await daemon.submit(["a@one.example"])
            await daemon.until(lambda: dns.asked["mx.one.example", "A"])
            daemon.app.reload()
            await daemon.settle()
            dns.release()
            await sink.wait_for(1)


async def test_a_message_that_breaks_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is deferred, and the others go."""

    def breaks(message: Message, *arguments: bool) -> Message | Reply:
        if b"poison" in message.content:
            raise RecursionError
        return fit(message, *arguments)

    monkeypatch.setattr("postduif.mta.courier.fit", breaks)
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        (line,) = await daemon.journal(await daemon.submit(["a@one.example"], content=text("poison")))
        assert (line.kind, line.code) == ("deferred", 451)
        await daemon.submit(["a@one.example"])
        await sink.wait_for(1)


async def test_a_low_rate_outlives_the_road(tmp_path: Path) -> None:
    """That nothing went for a while does not make room for more than the rate says."""
    clock = FakeClock()
    settings = 'message_rate = "1/h"\nidle_time = "10ms"'
    async with Sink() as sink, Daemon(tmp_path, to(sink, settings), clock) as daemon:
        for _ in range(3):
            await daemon.submit(["a@one.example"])
            await daemon.settle()
            clock.advance(60)
            await daemon.settle()
        assert sink.figures.messages == 1


async def test_ready_mail_is_not_sent_after_its_lifetime(tmp_path: Path) -> None:
    """What a rate has held for longer than its lifetime is given up."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'message_rate = "1/h"\nlifetime = "10m"'), clock) as daemon:
        await daemon.submit(["a@one.example"])
        await sink.wait_for(1)
        late = await daemon.submit(["b@one.example"])
        await daemon.settle()
        clock.advance(1800)
        assert [line.kind for line in await daemon.journal(late)] == ["expired"]


async def test_one_disk_error_does_not_end_lifetimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is given up in time, also after a read that failed once."""
    clock = FakeClock()
    async with Daemon(tmp_path, to(free_port(), 'lifetime = "10m"'), clock) as daemon:
        id = await daemon.submit(["a@one.example"], sender="")
        await daemon.journal(id)
        await daemon.app.store.hold(EVERYTHING, "me", "to see")
        lease_expired = daemon.app.store.lease_expired

        async def fails_once(_: int, __: float) -> list[Entry]:
            monkeypatch.setattr(daemon.app.store, "lease_expired", lease_expired)
            raise StoreError("once")

        monkeypatch.setattr(daemon.app.store, "lease_expired", fails_once)
        clock.advance(661)
        await daemon.until(lambda: daemon.app.store.lease_expired is lease_expired)
        await daemon.until(lambda: clock.awaited(SWEEP))
        clock.advance(11)
        assert (await daemon.journal(id, 2))[-1].kind == "expired"


async def test_a_notice_that_breaks_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of the recipients is recorded, also when the sender cannot be told."""

    def breaks(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr("postduif.mta.ledger.compose", breaks)
    rules = '[[rule]]\ndomain = "bad.example"\nrcpt = {reply = "550 5.1.1 no"}'
    async with Sink(rules=rules) as sink, Daemon(tmp_path, to(sink)) as daemon:
        lines = await daemon.journal(await daemon.submit(["a@bad.example", "b@good.example"]), 2)
        assert sorted(line.kind for line in lines) == ["delivered", "failed"]
        assert not await daemon.waiting()
