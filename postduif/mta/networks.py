"""Addresses that mail must not be sent to because of a DNS record: our own, and those that are not of the Internet.

Anybody can publish an MX that points into our network. What this refuses is refused before a connection is made, at
the address that would be connected. Operators who mean it list the network in `delivery.allowed_networks`.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

OWN = "our own"

_FORBIDDEN_V4 = tuple(
    (IPv4Network(network), word)
    for network, word in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (RFC 6598)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved (RFC 6890)"),
        ("192.168.0.0/16", "private"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_FORBIDDEN_V6 = tuple(
    (IPv6Network(network), word)
    for network, word in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b:1::/48", "private (RFC 8215)"),
        ("100::/64", "discard-only"),
        ("fc00::/7", "unique-local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the IPv4 address is in the last 32 bits


def refusal(address: str, allowed: Collection[Network] = ()) -> str:
    """Why an address must not be connected to, as an adjective (`OWN` for our own); "" when it may be.

    An IPv4 address inside an IPv6 one (6to4, NAT64, Teredo) is judged too. `address` is in its shortest form, as the
    resolver gives it. Raises ValueError when it is no address.
    """
    if allowed:
        ip = ip_address(address)
        if any(ip in network for network in allowed):
            return ""
    word = _forbidden(address)
    # Ours comes before private: behind NAT a host's own address is a private one, and says loop, not mistake.
    if word in ("", "private", "unique-local") and is_own(address):
        return OWN
    return word


def is_own(address: str) -> bool:
    """The machine reaches this address from itself, so it is on one of its interfaces.

    Asks the kernel's routing table: no packet is sent. (Binding to it would be true of every address where
    ip_nonlocal_bind is set.)
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return bool(probe.getsockname()[0] == address)
    except OSError:
        return False  # no route: whatever it is, it is not here


@lru_cache(maxsize=10_000)  # the same hosts are judged for every connection
def _forbidden(address: str) -> str:
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return next((word for network, word in _FORBIDDEN_V4 if ip in network), "")
    if ip.scope_id:
        return "link-local"
    word = next((word for network, word in _FORBIDDEN_V6 if ip in network), "")
    return word or next((word for inner in _embedded(ip) if (word := _forbidden(str(inner)))), "")


def _embedded(ip: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that packets to this one end at."""
    if ip in _NAT64:
        return [IPv4Address(int(ip) & 0xFFFFFFFF)]
    if ip.sixtofour:
        return [ip.sixtofour]
    return [ip.teredo[1]] if ip.teredo else []
