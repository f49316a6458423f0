"""Settings that say where mail goes, and what is needed to be several MX hosts on one machine."""

from __future__ import annotations

import socket

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


def free_port() -> int:
    """A port that nobody has on any address: remote MX hosts all have the same one."""
    with socket.socket() as one:
        one.bind(("0.0.0.0", 0))
        port: int = one.getsockname()[1]
        return port
