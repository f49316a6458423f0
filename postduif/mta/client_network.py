"""A client's IP address, and how many connections it has (IPv6: its /64, which one host can have all of)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from postduif.config.schema import Network


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Where a connection comes from. `ip` is None when it is no IP connection."""

    ip: ipaddress.IPv4Address | ipaddress.IPv6Address | None

    @classmethod
    def of(cls, peername: object) -> ClientAddress:
        """Read what `getpeername` returned. An IPv4 address mapped into IPv6 is the IPv4 address."""
        if not isinstance(peername, tuple):
            return cls(None)
        ip = ipaddress.ip_address(peername[0].partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            return cls(ip.ipv4_mapped)
        return cls(ip)

    @property
    def text(self) -> str:
        """As it is written in logs and trace headers; "" when there is none."""
        return str(self.ip) if self.ip else ""

    @property
    def holder(self) -> object:
        """Who the connection counts for: an IPv4 address or an IPv6 /64."""
        return int(self.ip) >> 64 if isinstance(self.ip, ipaddress.IPv6Address) else self.ip

    def within(self, networks: Sequence[Network]) -> bool:
        """It is in one of the networks."""
        return self.ip is not None and any(self.ip in network for network in networks)


class ClientCount:
    """Open connections by holder. Holds only those that have one."""

    def __init__(self) -> None:
        self._open: dict[object, int] = {}

    def of(self, address: ClientAddress) -> int:
        """How many it has."""
        return self._open.get(address.holder, 0)

    def add(self, address: ClientAddress) -> None:
        """One more."""
        self._open[address.holder] = self.of(address) + 1

    def remove(self, address: ClientAddress) -> None:
        """One less."""
        left = self.of(address) - 1
        if left > 0:
            self._open[address.holder] = left
        else:
            self._open.pop(address.holder, None)
