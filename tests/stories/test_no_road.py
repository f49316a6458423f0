"""Domains that DNS says no to, or says nothing about."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import by_mx, free_port

ZONE = """
    sender.example MX 10 mx.sender.example
    mx.sender.example A 127.0.0.1
    null.example MX 0 .
    one.example MX 10 mx.one.example
    mx.one.example A 127.0.0.1
"""


@pytest.mark.parametrize(("domain", "status"), [("null.example", "5.1.10"), ("missing.example", "5.1.2")])
async def test_bounced_at_once(tmp_path: Path, domain: str, status: str) -> None:
    """A null MX and a domain that does not exist are final: the sender hears it at once."""
    port = free_port()
    with DnsServer(ZONE) as dns:
        async with Sink(port=port) as sink, Daemon(tmp_path, by_mx(dns, port)) as daemon:
            id = await daemon.submit([f"a@{domain}"])
            await sink.wait_for(1)
            (told,) = statuses(sink.messages[0].content)
            assert (told["Action"], told["Status"], told["Remote-MTA"]) == ("failed", status, None)
            assert [line.kind for line in await daemon.journal(id)] == ["failed"]


@pytest.mark.parametrize("fault", ["* SERVFAIL", "* SILENT", "* GARBAGE"])
@pytest.mark.parametrize("name", ["one.example", "mx.one.example"])
async def test_deferred_until_dns_answers(tmp_path: Path, fault: str, name: str) -> None:
    """DNS in trouble, for the MX or for the address of its host, defers; once it answers the mail is delivered."""
    port, clock = free_port(), FakeClock()
    with DnsServer(f"{ZONE}\n{name} FAULT {fault}") as dns:
        settings = by_mx(dns, port).replace("[dns]", '[dns]\ntimeout = "200ms"')
        async with Sink(port=port) as sink, Daemon(tmp_path, settings, clock) as daemon:
            id = await daemon.submit(["a@one.example"])
            (line,) = await daemon.journal(id)
            assert (line.kind, line.code, line.enhanced) == ("deferred", 451, "4.4.3")
            dns.heal()
            tries = 1 + await _tries_until_it_arrives(sink, clock)
            kinds = [line.kind for line in await daemon.journal(id, tries)]
            assert kinds == ["deferred"] * (tries - 1) + ["delivered"]


async def _tries_until_it_arrives(sink: Sink, clock: FakeClock) -> int:
    """One, unless this machine is so slow that an answer on loopback took longer than a fifth of a second."""
    for tries in range(1, 8):
        clock.advance(3600)
        with suppress(TimeoutError):
            await sink.wait_for(1, 4)
            return tries
    raise AssertionError("it was never delivered")
