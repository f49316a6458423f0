"""One Route: the road to the hosts of one Destination, under the limits of its Site.

It knows what is ready, which connections there are, and which hosts are down. Every decision here is made in one
synchronous function; who calls does the awaiting.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from postduif.mta.client import Connection
from postduif.mta.crowd import Crowd
from postduif.mta.limits import Limits
from postduif.mta.permits import Permits
from postduif.mta.ready import Batch, Ready
from postduif.mta.sites import Destination
from postduif.queue.scheduled import QueueKey
from postduif.reply import Reply

HOST_DOWN = 60.0  # seconds for which a host that failed is tried after the others
FIRST_PAUSE = 10.0  # seconds a site rests after no host could be reached; doubles with each failure
LONGEST_PAUSE = 600.0


class Route:
    """The state of one road. Times are monotonic seconds."""

    def __init__(self, destination: Destination, permits: Permits) -> None:
        self.destination = destination
        self.ready = Ready(destination.site.limits.max_recipients)
        self.queues: OrderedDict[QueueKey, None] = OrderedDict()
        """Scheduled queues that may have something due in memory."""
        self.on_disk: OrderedDict[QueueKey, None] = OrderedDict()
        """Scheduled queues that have something due on disk."""
        self.refilling = False
        self.connections: set[Connection] = set()
        self.opening = 0
        self.idle: dict[Connection, asyncio.Event] = {}
        """Connections with nothing to carry, and what wakes them."""
        self.eager: dict[Connection, asyncio.Event] = {}
        """Connections that carry something and could take the next behind it."""
        self.paused_until = 0.0
        self.pause_reply: Reply | None = None
        self.suspended = ""
        """The operator's reason for holding the whole site; "" when nobody does."""
        self._permits = permits
        self._failures = 0
        self._host_down: dict[str, float] = {}

    def __repr__(self) -> str:
        """For operators."""
        return (
            f"<Route {self.name}, {len(self.connections)}/{self.limits.connections} connections, "
            f"{self.ready.recipients} ready, {len(self.queues) + len(self.on_disk)} queues>"
        )

    @property
    def name(self) -> str:
        """The Site's."""
        return self.destination.site.name

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.destination.site.limits

    @property
    def crowd(self) -> Crowd:
        """All connections, of whatever Route."""
        return self._permits.crowd

    @property
    def unused(self) -> bool:
        """Nothing is under way or waiting here."""
        return not (
            len(self.ready) or self.queues or self.on_disk or self.connections or self.opening or self.refilling
        )

    def update(self, destination: Destination) -> None:
        """Take newer limits."""
        self.destination = destination
        self.ready.max_recipients = destination.site.limits.max_recipients

    # --- what may happen now

    def resting(self, now: float) -> float:
        """Seconds until anything may be tried here; 0 when it may now."""
        return max(0.0, self.paused_until - now)

    def open(self, now: float) -> bool:
        """Decide to open one more connection: there is work for it and a permit. True counts it as `opening`."""
        if self.suspended or len(self.ready) <= self.opening + len(self.idle) or self.resting(now):
            return False
        if self._permits.wait(self.destination.site, now, connected=True):
            return False  # a message must wait: so may its connection
        # A site is not stormed: at most as many at once as it has taken already.
        if self.opening > len(self.connections) or not self._permits.connect(self.destination.site, now):
            return False
        self.opening += 1
        return True

    def opened(self, connection: Connection | None) -> None:
        """What `open` began has ended, with a connection or without."""
        self.opening -= 1
        if connection is None:
            self._permits.disconnect(self.destination.site)
        else:
            self.connections.add(connection)
            self._failures = 0
            self.pause_reply = None

    def closed(self, connection: Connection) -> None:
        """A connection is over."""
        self.connections.discard(connection)
        self._permits.disconnect(self.destination.site)

    def take(self, now: float) -> tuple[QueueKey, int, Batch] | None:
        """The next batch, if the message rate allows."""
        if self.suspended or not len(self.ready) or not self._permits.send(self.destination.site, now):
            return None
        return self.ready.take()

    def wait(self, now: float) -> float:
        """Seconds until a pause or rate lets the next thing happen; 0 when no time holds it back."""
        if resting := self.resting(now):
            return resting
        if not len(self.ready):
            return 0.0
        return self._permits.wait(self.destination.site, now, connected=bool(self.connections))

    def held_by(self, now: float) -> str:
        """What keeps ready mail from going now: "suspended", "resting", or the limit that is reached; "" if nothing."""
        if self.suspended or self.resting(now):
            return "suspended" if self.suspended else "resting"
        site = self.destination.site
        if not len(self.ready):
            return ""
        if self._permits.wait(site, now, connected=True):
            return "message_rate"
        if not self.connections and self._permits.wait(site, now, connected=False):
            return "connection_rate"
        return "connections" if self._permits.connections(site) >= self.limits.connections else ""

    def wake(self) -> None:
        """Give what is ready to idle connections; what is left, and has no connection opening for it, to busy ones."""
        left = len(self.ready)
        for event in list(self.idle.values())[:left]:
            event.set()
        left -= len(self.idle) + self.opening
        if left > 0:
            for event in list(self.eager.values())[:left]:
                event.set()

    # --- hosts

    def host_failed(self, address: str, now: float) -> None:
        """Try it after the others for a while."""
        self._host_down = {one: until for one, until in self._host_down.items() if until > now}
        self._host_down[address] = now + HOST_DOWN

    def host_down(self, address: str, now: float) -> bool:
        """It failed a moment ago."""
        return self._host_down.get(address, 0.0) > now

    def unreachable(self, reply: Reply, now: float) -> None:
        """No host could be reached: rest, longer each time."""
        self.paused_until = now + min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self.pause_reply = reply
        self._failures = min(self._failures + 1, 10)

    def resume(self) -> None:
        """Forget the pause (an operator's `site resume`, or new hosts)."""
        self.paused_until = 0.0
        self._failures = 0
        self._host_down.clear()
