"""Who guesses passwords on the pages waits, by the rule of `mta.auth_backoff`; here for any number of threads."""

from __future__ import annotations

import threading
from collections import Counter

from postduif.clock import Clock
from postduif.config.schema import Auth
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress


class Guesses:
    """The failures of all who sign in."""

    def __init__(self, settings: Auth, clock: Clock) -> None:
        self._backoff = Backoff(settings, clock)
        self._refused: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, address: ClientAddress, name: str) -> float:
        """0: it may try, and `end` must be called. Else how many seconds it has to wait."""
        with self._lock:
            return self._backoff.begin(address, name)

    def end(self, address: ClientAddress, name: str, *, right: bool, failed: bool) -> None:
        """The attempt is over: the password was right, or it failed, or (neither) nobody could find out."""
        with self._lock:
            self._backoff.end(address, name, right=right, failed=failed)

    def refused(self, name: str) -> None:
        """A wrong password for somebody who is there."""
        with self._lock:
            self._refused[name] += 1

    def refused_before(self, name: str) -> int:
        """How many of those there were, from wherever, since this was asked last."""
        with self._lock:
            return self._refused.pop(name, 0)
