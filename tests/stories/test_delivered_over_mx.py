"""Mail for a domain goes to the MX host that its DNS prefers."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.stories.daemon import Daemon
from tests.stories.roads import by_mx, free_port

ZONE = """
    one.example MX 20 mx2.example
    one.example MX 10 mx1.example
    mx1.example A 127.0.0.2
    mx2.example A 127.0.0.3
    bare.example A 127.0.0.3
"""


async def test_the_lowest_preference_comes_first(tmp_path: Path) -> None:
    """Of two MX hosts the one with the lower preference gets the mail; without MX the domain's own address does."""
    port = free_port()
    rules = f"""
        [[rule]]
        domain = "mx1"
        listen = "127.0.0.2:{port}"
        [[rule]]
        domain = "mx2"
        listen = "127.0.0.3:{port}"
    """
    with DnsServer(ZONE) as dns:
        async with Sink(rules=rules) as sink, Daemon(tmp_path, by_mx(dns, port)) as daemon:
            preferred = await daemon.submit(["a@one.example"])
            implicit = await daemon.submit(["a@bare.example"])
            assert (await daemon.journal(preferred))[0].host == f"mx1.example[127.0.0.2]:{port}"
            assert (await daemon.journal(implicit))[0].host == f"bare.example[127.0.0.3]:{port}"
            assert sink.figures.messages == 2


async def test_loopback_is_refused(tmp_path: Path) -> None:
    """An MX in loopback space that nobody allowed is never connected to; the sender hears why."""
    with DnsServer("one.example MX 10 mx1.example\nmx1.example A 127.0.0.2\nsender.example A 127.0.0.1") as dns:
        settings = by_mx(dns, free_port()).replace('["127.0.0.0/8"]', "[]")
        async with Daemon(tmp_path, settings) as daemon:
            id = await daemon.submit(["a@one.example"])
            line = (await daemon.journal(id))[0]
            assert (line.kind, line.enhanced, line.host) == ("failed", "5.4.4", "")
