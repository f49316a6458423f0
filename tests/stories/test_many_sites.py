"""More sites than there may be connections."""

from __future__ import annotations

import asyncio
from pathlib import Path

from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.stories.daemon import Daemon
from tests.stories.roads import by_mx, free_port

SITES = 12
MOST = 3
ZONE = "\n".join(
    f"domain{n}.example MX 10 mx.domain{n}.example\nmx.domain{n}.example A 127.0.0.1" for n in range(SITES)
)


async def test_idle_connections_make_room(tmp_path: Path) -> None:
    """No more connections carry mail than may be open, idle ones do not keep others out, every site gets its mail."""
    port = free_port()
    settings = f'max_connections = {MOST}\nidle_time = "1h"'
    with DnsServer(ZONE) as dns:
        async with Sink(port=port) as sink, Daemon(tmp_path, by_mx(dns, port, settings)) as daemon:
            crowd, most = daemon.app.delivery.permits.crowd, 0
            for turn in range(2):
                await daemon.submit([f"reader{turn}@domain{n}.example" for n in range(SITES)])
            async with asyncio.timeout(60):
                while sink.figures.messages < 2 * SITES:
                    most = max(most, crowd.open)
                    await asyncio.sleep(0)
            assert most == MOST
