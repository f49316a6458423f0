"""Two domains with the same MX hosts are one site."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.stories.daemon import Daemon
from tests.stories.roads import by_mx, free_port

ZONE = """
    one.example MX 10 mx.example
    two.example MX 10 mx.example
    other.example MX 10 mx.other.example
    mx.example A 127.0.0.1
    mx.other.example A 127.0.0.1
"""


async def test_in_one_transaction(tmp_path: Path) -> None:
    """Recipients at both domains get their mail in one transaction; one at another site gets it by itself."""
    port = free_port()
    with DnsServer(ZONE) as dns:
        async with Sink(port=port) as sink, Daemon(tmp_path, by_mx(dns, port)) as daemon:
            for domain in ("one.example", "two.example", "other.example"):
                await daemon.submit([f"first@{domain}"])
            await sink.wait_for(3)
            await daemon.submit(["a@one.example", "b@two.example", "c@one.example", "d@other.example"])
            await sink.wait_for(5)
            together = sorted(sorted(mail.recipients) for mail in list(sink.messages)[3:])
            assert together == [["a@one.example", "b@two.example", "c@one.example"], ["d@other.example"]]
            assert len(daemon.app.delivery.routes) == 2
