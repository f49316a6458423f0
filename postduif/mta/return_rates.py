"""How often mail may come back to one address: somebody who has a signed address can use it again and again.

In memory, so a restart forgets it; times are monotonic and given. What is too often is refused for now (450), so that
a host that means well loses nothing.
"""

from __future__ import annotations

from collections import OrderedDict

from postduif.mta import metrics
from postduif.mta.client_network import ClientAddress
from postduif.mta.return_addresses import FEEDBACK
from postduif.reply import Reply

PER_ADDRESS, DAY = 20, 86400.0
"""Mails to one signed address within so many seconds. Hosts send one or two: a delay, a bounce, an absence note."""
PER_CLIENT, MINUTE = 600, 60.0
"""Reports of one client to the address for feedback loops."""
REMEMBERED = 20_000
"""Keys; the one that began longest ago is forgotten first."""
TOO_OFTEN = Reply(450, "4.7.1", "too much mail to this address; try again later")


class Allowance:
    """So many events within a stretch of time, for each key. A stretch begins with its first event."""

    def __init__(self, events: int, seconds: float) -> None:
        self._events = events
        self._seconds = seconds
        self._begun: OrderedDict[object, tuple[float, int]] = OrderedDict()

    def take(self, key: object, now: float) -> bool:
        """One more; False: that is too many. `now` is monotonic."""
        since, count = self._begun.get(key, (now, 0))
        if now - since >= self._seconds:
            del self._begun[key]
            since, count = now, 0
        if count >= self._events:
            return False
        self._begun[key] = (since, count + 1)
        if len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)
        return True


class ReturnRates:
    """Of all that comes back."""

    def __init__(self) -> None:
        self._addresses = Allowance(PER_ADDRESS, DAY)
        self._clients = Allowance(PER_CLIENT, MINUTE)

    def refusal(self, localpart: str, client: str, now: float) -> Reply | None:
        """Of mail that is taken otherwise. `client`: its IP address, "" when it is this machine."""
        if localpart.lower() == FEEDBACK:
            holder = ClientAddress.of((client, 0)).holder if client else ""
            taken = self._clients.take(holder, now)
        else:
            taken = self._addresses.take(localpart.lower(), now)
        if taken:
            return None
        metrics.RETURN_ADDRESSES_REFUSED.labels("too_often").inc()
        return TOO_OFTEN
