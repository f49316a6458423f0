"""Open a connection for a Route: its hosts in turn, TLS as the site's policy wants it (RFC 5321 5.1, RFC 3207)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence

from postduif.clock import Clock
from postduif.mta.client import Connection, Peer, Timeouts, connect
from postduif.mta.metrics import OUT_CONNECTIONS_TOTAL
from postduif.mta.route import Route
from postduif.mta.sites import Host
from postduif.mta.ttl_cache import TtlCache
from postduif.reply import Reply

MAX_ADDRESSES = 6
"""Addresses tried before the site counts as unreachable (RFC 5321 5.1 wants at least two)."""
MAX_BROKEN_TLS = 10_000
"""Hosts whose TLS is remembered as broken."""


class Opener:
    """Connects. Remembers hosts whose TLS is broken, for `broken_tls_memory` seconds."""

    def __init__(
        self, ehlo: str, timeouts: Timeouts, context: ssl.SSLContext, clock: Clock, *, broken_tls_memory: float
    ) -> None:
        self._ehlo = ehlo
        self._timeouts = timeouts
        self._context = context
        self._clock = clock
        self._memory = broken_tls_memory
        self._broken_tls: TtlCache[str, Reply] = TtlCache(MAX_BROKEN_TLS, clock)

    async def open(self, route: Route, hosts: Sequence[Host]) -> Connection | Reply:
        """A connection that can take transactions, or why no host gave one: the last thing said or seen, transient."""
        now = self._clock.monotonic()
        peers = [Peer(host.name, address, host.port) for host in hosts for address in host.addresses]
        peers.sort(key=lambda peer: route.host_down(peer.address, now))
        last = Reply(451, "4.4.4", "no host to connect to")
        for peer in peers[:MAX_ADDRESSES]:
            connection = await self._open_one(route, peer)
            if isinstance(connection, Connection):
                OUT_CONNECTIONS_TOTAL.labels("open").inc()
                return connection
            OUT_CONNECTIONS_TOTAL.labels("failed").inc()
            route.host_failed(peer.address, self._clock.monotonic())
            last = _for_now(connection)
        return last

    async def _open_one(self, route: Route, peer: Peer) -> Connection | Reply:
        reply: Reply = Reply(454, "4.7.4", f"{peer} offers no TLS, and this site requires it")
        for attempt_tls in self._tls_choices(route, peer):
            connection = await connect(peer, self._ehlo, self._timeouts)
            if isinstance(connection, Reply):
                return connection
            if not attempt_tls:
                return connection
            if not connection.session.features.starttls:
                if route.limits.tls == "required":
                    connection.quit()
                    return reply
                return connection
            trouble = await connection.start_tls(self._context)
            if trouble is None:
                return connection
            reply = trouble
            if trouble.code == 421 and trouble.remote_mta:
                break  # it closes, with or without TLS
            self._broken_tls.put(peer.address, trouble, self._clock.monotonic() + self._memory)
        return reply

    def _tls_choices(self, route: Route, peer: Peer) -> Iterator[bool]:
        policy = route.limits.tls
        broken = policy == "opportunistic" and self._broken_tls.get(peer.address) is not None
        if policy != "none" and not broken:
            yield True
        if policy != "required":
            yield False


def _for_now(reply: Reply) -> Reply:
    """A host that refuses to talk (5yz to the connection or to EHLO) has said nothing about any recipient: wait."""
    if not reply.permanent:
        return reply
    return Reply(421, "4.3.2", f"refused the connection: {reply}", reply.remote_mta)
