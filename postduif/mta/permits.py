"""Permits: who delivers asks here before it connects or sends, and gives connections back.

One process keeps them in memory. Several processes or machines can share them later behind these three calls,
without delivery knowing. Times are monotonic seconds.
"""

from __future__ import annotations

from postduif.mta.limits import RateLimit
from postduif.mta.sites import Site


class _Account:
    __slots__ = ("connections", "limits", "messages", "openings")

    def __init__(self, site: Site) -> None:
        self.connections = 0
        self.limits = site.limits
        self.messages = RateLimit(site.limits.message_rate)
        self.openings = RateLimit(site.limits.connection_rate)


class Permits:
    """What each Site has in use, against its limits."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def connect(self, site: Site, now: float) -> bool:
        """Take a permit for one connection, if there is one. Give it back with `disconnect`."""
        account = self._account(site)
        if account.connections >= site.limits.connections or account.openings.wait(now) > 0:
            return False
        account.openings.take(now)
        account.connections += 1
        return True

    def disconnect(self, site: Site) -> None:
        """The connection is over."""
        self._account(site).connections -= 1

    def send(self, site: Site, now: float) -> bool:
        """Take a permit for one message, if there is one."""
        account = self._account(site)
        if account.messages.wait(now) > 0:
            return False
        account.messages.take(now)
        return True

    def wait(self, site: Site, now: float, *, connected: bool) -> float:
        """Seconds until a rate allows the next message (and, unless `connected`, the next connection); 0 when now."""
        account = self._account(site)
        return max(account.messages.wait(now), 0.0 if connected else account.openings.wait(now))

    def connections(self, site: Site) -> int:
        """Permits for connections in use."""
        return self._account(site).connections

    def forget(self, site: Site) -> None:
        """Nothing of this site is under way or waiting."""
        account = self._accounts.get(site.name)
        if account is not None and not account.connections:
            del self._accounts[site.name]

    def _account(self, site: Site) -> _Account:
        account = self._accounts.get(site.name)
        if account is None:
            account = self._accounts[site.name] = _Account(site)
        elif account.limits is not site.limits:
            if account.limits != site.limits:
                account.messages = RateLimit(site.limits.message_rate)
                account.openings = RateLimit(site.limits.connection_rate)
            account.limits = site.limits
        return account
