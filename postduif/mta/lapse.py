"""Gives up what outlived its lifetime and cannot be tried, and keeps a wrong clock from doing harm.

Everything that can be tried is tried once more when its lifetime is over, and ends after that try (`verdict`). What is
left is mail that is held, or that a rate or a suspended site keeps back: that is given up here, some hours later.
Neither happens in the first hours after a start or a jump of the clock: what came from before has its chance, and
the operator can set the clock right. Leaves to others: the try, the notification.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Delivery
from postduif.envelope import Entry
from postduif.mta.lookout import SLICE
from postduif.mta.retry import MAX_ASKED
from postduif.mta.route import Route
from postduif.mta.sites import Destination
from postduif.queue.condition import Condition
from postduif.queue.stores import Stores

QUANTUM = 100  # recipients given up in one transaction
LONGEST_CHANCE = 4 * 3600.0  # seconds
JUMP = 60.0
"""Seconds between two looks by which the clock on the wall may differ from one that never jumps."""


class Lapse:
    """`sweep` is called every few seconds."""

    def __init__(
        self,
        settings: Callable[[], Delivery],
        store: Stores,
        clock: Clock,
        routes: Mapping[Destination, Route],
        expire: Callable[[list[Entry], str], None],
    ) -> None:
        """`expire(entries, site)` records the end of leased entries."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._routes = routes
        self._expire = expire
        self._steady_since = clock.monotonic()
        self._offset = clock.time() - clock.monotonic()
        self._set_back = True
        """Something may wait for a time that was never meant: the clock was set back, perhaps while we were down."""

    async def sweep(self) -> None:
        """Do what is due. Raises StoreError."""
        steady = self.steady()
        if self._set_back:
            await self._bring_near()
            self._set_back = False
        if not steady:
            return
        before = self._clock.time() - self._chance
        for number, route in enumerate(list(self._routes.values()), 1):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            self._expire(route.ready.take_out(lambda entry: entry.envelope.expires_at <= before), route.name)
        while entries := await self._store.lease_expired(QUANTUM, before):
            self._expire(entries, "")

    @property
    def _chance(self) -> float:
        return min(self._settings().lifetime / 10, LONGEST_CHANCE)

    def steady(self) -> bool:
        """The daemon is up and the clock has gone evenly for so long that lifetimes may be believed."""
        self._see_jumps()
        return self._clock.monotonic() - self._steady_since >= self._chance

    def _see_jumps(self) -> None:
        offset = self._clock.time() - self._clock.monotonic()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) < JUMP:
            return
        self._steady_since = self._clock.monotonic()
        self._set_back = self._set_back or jump < 0
        log.warning(
            "clock_jumped",
            seconds=jump,
            remedy="nothing is lost by it; see to the machine's clock, as due times and lifetimes are kept by it",
        )

    async def _bring_near(self) -> None:
        """No recipient waits longer than settings and remote hosts can ask for."""
        settings = self._settings()
        longest = (max(*settings.retry, MAX_ASKED) + JUMP) * (1 + settings.retry_jitter)
        late = Condition(due_after=self._clock.time() + longest)
        if count := sum([await store.retry(late) for store in self._store]):
            log.warning("due_too_late", recipients=count, done="made due now: the clock was set back")
