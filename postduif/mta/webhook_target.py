"""Where a webhook may connect to: not into our own network, unless the settings name it.

The name is looked up once for each connection; every address is judged, and the connection goes to the very address
that was judged, so an answer that changes in between leads nowhere. TLS and the Host field keep the name. Names come
from DNS alone: /etc/hosts is not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from postduif.config.kinds import is_ip
from postduif.config.schema import Network, Webhook
from postduif.errors import PostduifError
from postduif.mta.networks import refusal
from postduif.mta.resolver import Resolver

MAX_ADDRESSES = 4
"""That are tried, one after the other."""


class AddressRefused(PostduifError):  # noqa: N818  the name says what happened
    """None of the host's addresses may be connected to."""


class Target(AsyncNetworkBackend):
    """Connects for one webhook."""

    def __init__(self, webhook: Webhook, resolver: Resolver) -> None:
        self._allowed = webhook.allowed_networks
        self._listed_only = webhook.url.startswith("http:")
        self._wait = webhook.timeout / MAX_ADDRESSES
        self._resolver = resolver
        self._backend = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """A connection to one of the host's addresses. Raises AddressRefused and ConnectError."""
        problem: Exception = ConnectError(f"{host} has no address")
        for address in await self._permitted(host):
            try:
                return await self._backend.connect_tcp(address, port, timeout or self._wait)
            except (ConnectError, ConnectTimeout) as error:
                problem = ConnectError(f"{address}: {error or 'no answer'}")
        raise problem

    async def _permitted(self, host: str) -> list[str]:
        found = [str(ip_address(host))] if is_ip(host) else await self._addresses(host)
        refused = {address: word for address in found if (word := self._refusal(address))}
        if found and len(refused) == len(found):
            told = ", ".join(f"{address} ({word})" for address, word in refused.items())
            raise AddressRefused(f"{told}; if it should be reached, write its network in allowed_networks")
        return [address for address in found if address not in refused][:MAX_ADDRESSES]

    async def _addresses(self, host: str) -> list[str]:
        answers = await self._resolver.addresses(host)
        found = [str(address) for answer in answers for address in answer.records]
        if not found:
            raise ConnectError(f"{host}: {', '.join(sorted({answer.status.value for answer in answers}))}")
        return found

    def _refusal(self, address: str) -> str:
        """Why not, as an adjective; "" when it may be."""
        if self._listed_only and not _within(address, self._allowed):
            return "without TLS"
        return refusal(address, self._allowed)


def _within(address: str, networks: Iterable[Network]) -> bool:
    return any(ip_address(address) in network for network in networks)
