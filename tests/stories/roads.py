"""Settings that say where mail goes, and what is needed to be several MX hosts on one machine."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from pathlib import Path

from postduif.sink import Sink
from tests.dns_server import DnsServer


def to(sink: Sink | int, delivery: str = "") -> str:
    """Everything goes to a sink, or to that port. `delivery`: settings of [delivery]; more tables may follow."""
    return f"""
    [[next_hop]]
    domain = "*"
    hosts = ["127.0.0.1:{sink if isinstance(sink, int) else sink.port}"]
    [delivery]
    retry_jitter = 0
    {delivery}
    """


def by_mx(dns: DnsServer, port: int, delivery: str = "") -> str:
    """Everything goes to its MX hosts, on loopback. `delivery`: settings of [delivery]; more tables may follow."""
    return f"""
    [dns]
    nameservers = ["{dns.endpoint}"]
    min_ttl = "1s"
    [delivery]
    port = {port}
    allowed_networks = ["127.0.0.0/8"]
    ipv6 = false
    retry_jitter = 0
    {delivery}
    """


_WORKERS = 16
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody has on any address (remote MX hosts all have the same one), and that stays free.

    The kernel gives it to no connection by itself, this function not twice, and not to another worker of pytest-xdist.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _WORKERS
    while True:
        port = random.SystemRandom().choice(range(lowest // 2 + worker, lowest, _WORKERS))
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("0.0.0.0", port))
            if port not in _given:
                _given.add(port)
                return port
