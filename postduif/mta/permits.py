"""Permits: who delivers asks here before it connects or sends, and gives connections back.

One process keeps them in memory. Several processes or machines can share them later behind these three calls,
without delivery knowing. Times are monotonic seconds.
"""

from __future__ import annotations

from postduif.mta.crowd import Crowd
from postduif.mta.limits import RateLimit
from postduif.mta.sites import Site


class _Account:
    __slots__ = ("connections", "messages", "openings", "site")

    def __init__(self, site: Site) -> None:
        self.connections = 0
        self.site = site
        self.messages = RateLimit(site.limits.message_rate)
        self.openings = RateLimit(site.limits.connection_rate)


class Permits:
    """What each Site has in use, against its limits, and all together."""

    def __init__(self) -> None:
        self.crowd = Crowd()
        self._accounts: dict[str, _Account] = {}

    def connect(self, site: Site, now: float) -> bool:
        """Take a permit for one connection, if there is one. Give it back with `disconnect`."""
        account = self._account(site, now)
        if account.connections >= account.site.limits.connections or account.openings.wait(now) > 0:
            return False
        if not self.crowd.enter(site.name):
            return False
        account.openings.take(now)
        account.connections += 1
        return True

    def disconnect(self, site: Site) -> None:
        """The connection is over."""
        self._accounts[site.name].connections -= 1
        self.crowd.leave()

    def send(self, site: Site, now: float) -> bool:
        """Take a permit for one message, if there is one."""
        account = self._account(site, now)
        if account.messages.wait(now) > 0:
            return False
        account.messages.take(now)
        return True

    def wait(self, site: Site, now: float, *, connected: bool) -> float:
        """Seconds until a rate allows the next message (and, unless `connected`, the next connection); 0 when now."""
        account = self._account(site, now)
        return max(account.messages.wait(now), 0.0 if connected else account.openings.wait(now))

    def connections(self, site: Site) -> int:
        """Permits for connections in use."""
        account = self._accounts.get(site.name)
        return account.connections if account else 0

    def forget(self, site: Site) -> None:
        """Nothing of this site is under way or waiting."""
        account = self._accounts.get(site.name)
        if account is not None and not account.connections:
            del self._accounts[site.name]

    def _account(self, site: Site, now: float) -> _Account:
        account = self._accounts.get(site.name)
        if account is None:
            account = self._accounts[site.name] = _Account(site)
        elif site.edition > account.site.edition:
            # A Route that still has the older limits is held to the newer ones, and changes nothing.
            if site.limits != account.site.limits:
                account.messages.change(site.limits.message_rate, now)
                account.openings.change(site.limits.connection_rate, now)
            account.site = site
        return account
