"""How many octets of mail all listeners hold in memory, from the first octet of a mail until it is on disk.

A bound over all sessions of the daemon, where `max_connections` times `max_message_size` is none. Who may not relay
gets half of it, so that strangers cannot keep out those for whom this daemon is there. Pure; nothing is kept here but
the counts.
"""

from __future__ import annotations


class MessageMemory:
    """The counts. A session tells each change of what it holds."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Octets; may be changed at any time."""
        self.held = 0
        self._strangers = 0

    def room(self, *, relays: bool) -> bool:
        """There is room for a mail of a client that may relay, or of a stranger."""
        return self.held < self.limit and (relays or self._strangers < self.limit // 2)

    def change(self, octets: int, *, relays: bool) -> bool:
        """A session holds so many octets more (or less) than before. False: that is too much for all together."""
        self.held += octets
        if not relays:
            self._strangers += octets
        return self.held <= self.limit and (relays or self._strangers <= self.limit // 2)
