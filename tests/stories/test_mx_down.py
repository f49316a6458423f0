"""MX hosts that are down, or say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import by_mx, free_port

ZONE = """
    one.example MX 10 mx1.example
    one.example MX 20 mx2.example
    mx1.example A 127.0.0.2
    mx2.example A 127.0.0.3
"""


def second(port: int, first: str = "") -> str:
    """The second MX host works; the first, if it is there at all, does what `first` says."""
    rules = f'[[rule]]\ndomain = "mx2"\nlisten = "127.0.0.3:{port}"\n'
    return rules + (f'[[rule]]\ndomain = "mx1"\nlisten = "127.0.0.2:{port}"\n{first}\n' if first else "")


async def test_the_second_is_used(tmp_path: Path) -> None:
    """When nobody answers at the first MX host, the second gets the mail in the same attempt."""
    port = free_port()
    with DnsServer(ZONE) as dns:
        async with Sink(rules=second(port)), Daemon(tmp_path, by_mx(dns, port)) as daemon:
            (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
            assert (line.kind, line.host) == ("delivered", f"mx2.example[127.0.0.3]:{port}")


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail"])
async def test_421_leads_to_the_second(tmp_path: Path, stage: str) -> None:
    """A first MX host that says 421, at once or to MAIL, is left for the second."""
    port = free_port()
    rules = second(port, f'{stage} = {{reply = "421 4.3.2 going down"}}')
    with DnsServer(ZONE) as dns:
        async with Sink(rules=rules) as sink, Daemon(tmp_path, by_mx(dns, port)) as daemon:
            (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
            assert (line.kind, line.host) == ("delivered", f"mx2.example[127.0.0.3]:{port}")
            assert sink.figures.refused == {"421 4.3.2": 1}


async def test_a_refused_connection_is_no_verdict_on_mail(tmp_path: Path) -> None:
    """A host that greets with 554 has said nothing about a recipient: the mail waits, and its words are kept."""
    port = free_port()
    rules = f'[[rule]]\ndomain = "mx2"\nlisten = "127.0.0.3:{port}"\nconnect = {{reply = "554 5.7.1 not you"}}'
    with DnsServer(ZONE) as dns:
        async with Sink(rules=rules), Daemon(tmp_path, by_mx(dns, port)) as daemon:
            (line,) = await daemon.journal(await daemon.submit(["a@one.example"]))
            assert (line.kind, line.code, line.enhanced) == ("deferred", 421, "4.3.2")
            assert "554 5.7.1 not you" in line.text


async def test_all_down(tmp_path: Path) -> None:
    """With every MX host down mail is deferred and the site rests: more mail does not make it knock again."""
    port, clock = free_port(), FakeClock()
    with DnsServer(ZONE) as dns:
        async with Daemon(tmp_path, by_mx(dns, port, 'retry = "1m"'), clock) as daemon:
            id = await daemon.submit(["a@one.example"])
            (line,) = await daemon.journal(id)
            assert (line.kind, line.code, line.enhanced, line.remote_mta) == ("deferred", 421, "4.4.1", "")
            (route,) = daemon.app.delivery.routes.values()
            assert daemon.app.delivery.orders.describe(route)["state"] == "resting"
            later = await daemon.submit(["b@one.example"])
            await daemon.settle()
            assert await daemon.journal(later, 0) == []
            async with Sink(rules=second(port)) as sink:
                clock.advance(60)
                await sink.wait_for(2)
            assert [one.kind for one in await daemon.journal(id, 2)] == ["deferred", "delivered"]
            assert [one.kind for one in await daemon.journal(later)] == ["delivered"]
