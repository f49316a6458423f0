"""How many connections a server takes, in all and of one address; and what the log says of those it lets go.

Who is behind a proxy that we believe is counted by nobody: the proxy is to do that.
"""

from __future__ import annotations

from collections.abc import Sequence

from postduif import log
from postduif.config.kinds import Network
from postduif.mta.client_network import ClientAddress, ClientCount

SHARE = 4
"""One address has this part of them at most: a household, or an office behind one address."""
QUIET = 10.0
"""Seconds until the log speaks again of the same, with how often it was."""


class Crowd:
    """The connections of one server; for its thread."""

    def __init__(self, most: int, proxies: Sequence[Network]) -> None:
        """`most`: that are served, and as many requests under way. Twice as many are told so; more are let go."""
        self.most = most
        self._of_one = max(1, most // SHARE)
        self._proxies = tuple(proxies)
        self._count = ClientCount()
        self._open = 0
        self._said: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def enter(self, address: ClientAddress) -> bool:
        """One more. False: that is too many; `leave` is called all the same."""
        self._open += 1
        self._count.add(address)
        few = self._count.of(address) <= self._of_one or address.within(self._proxies)
        return few and self._open <= 2 * self.most

    def leave(self, address: ClientAddress) -> None:
        """One less."""
        self._open -= 1
        self._count.remove(address)

    @property
    def is_full(self) -> bool:
        """More than `most` are open."""
        return self._open > self.most

    def let_go(self, why: str, address: ClientAddress, now: float) -> None:
        """Say so in the log: once in QUIET, however many there are."""
        if now < self._said.get(why, float("-inf")) + QUIET:
            self._unsaid[why] = self._unsaid.get(why, 0) + 1
            return
        self._said[why] = now
        log.warning("http_refused", why=why, client=address.text, others=self._unsaid.pop(why, 0))
