"""Who guesses passwords waits: a bounded back-off of client addresses at AUTH. In memory, with a clock given; pure.

The rule. An address (IPv6: a /64) may be wrong `free_failures` times. After that, and after each further failure, it
waits: 5 s, 10 s, 20 s and so on, `max_wait` at most; what it tries meanwhile is not looked at. Two exceptions:

- An account that fails more than four times as often, from whatever addresses, is under attack: an address that was
  wrong once already waits. One that was not has its try, so the right password gets its owner in from everywhere else.
- An address from which a user has logged in before is judged, for that user, by this user's own failures there. So
  neither neighbours behind one address nor an attack on the account from elsewhere shut that user out.

An attempt counts as a failure from its beginning, so that a hundred at once are not a hundred free ones. Failures are
forgotten after twice `max_wait` without another. Whoever is remembered longest is forgotten first when too many are.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Auth
from postduif.mta.client_network import ClientAddress

FIRST_WAIT = 5.0  # seconds
ATTACK = 4
"""An account is under attack from this many times `free_failures`."""
REMEMBERED = 20_000  # addresses, accounts and pairs of them with failures; as many pairs that logged in

Key = tuple[str, object, str]  # what it is, address, user


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class Backoff:
    """The failures of all listeners."""

    def __init__(self, settings: Auth, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._known: OrderedDict[Key, None] = OrderedDict()

    def begin(self, address: ClientAddress, user: str) -> float:
        """0: it may try, and `end` must be called. Else how many seconds it has to wait."""
        wait = self._wait(address, user)
        if not wait:
            now = self._clock.monotonic()
            for key in _keys(address, user):
                self._note(key, now)
        return wait

    def end(self, address: ClientAddress, user: str, *, right: bool, failed: bool) -> None:
        """The attempt is over: the password was right, or it failed, or (neither) nobody could find out."""
        keys = _keys(address, user)
        if failed:
            for key in keys:
                if key in self._failures:
                    self._failures[key].last = self._clock.monotonic()
            if wait := self._wait(address, user):
                log.warning("auth_backoff", client=address.text, user=user, wait=wait)
            return
        for key in keys:
            self._take_back(key)
        if right:
            *_, pair = keys
            self._failures.pop(pair, None)
            self._known[pair] = None
            self._known.move_to_end(pair)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _wait(self, address: ClientAddress, user: str) -> float:
        free, longest = self.settings.free_failures, self.settings.max_wait
        at_address, of_account, pair = _keys(address, user)
        now = self._clock.monotonic()
        judged = self._of(pair if pair in self._known else at_address, now)
        if pair not in self._known and self._of(of_account, now).count > ATTACK * free:
            free = 1
        over = judged.count - free
        if over < 0 or not longest:
            return 0.0
        wait = min(longest, FIRST_WAIT * 2.0 ** min(over, 60))
        return max(0.0, judged.last + wait - now)

    def _of(self, key: Key, now: float) -> _Failures:
        found = self._failures.get(key)
        if found is None or now - found.last > 2 * self.settings.max_wait:
            return _Failures()
        return found

    def _note(self, key: Key, now: float) -> None:
        found = self._of(key, now)
        self._failures[key] = found
        self._failures.move_to_end(key)
        found.count += 1
        found.last = now
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def _take_back(self, key: Key) -> None:
        found = self._failures.get(key)
        if found is not None:
            found.count -= 1
            if found.count <= 0:
                del self._failures[key]


def _keys(address: ClientAddress, user: str) -> tuple[Key, Key, Key]:
    """The address, the account, and the account at the address."""
    return ("address", address.holder, ""), ("account", None, user), ("pair", address.holder, user)
