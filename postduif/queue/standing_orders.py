"""What operators order, for the main queue and for mailings that are being sent.

A hold of whole scheduled queues stands in the main file alone and holds those of all mailings, also of later ones. What
stops a mailing or one of its waves is the campaign's: no order of an operator lifts it.
"""

from __future__ import annotations

from dataclasses import replace

from postduif.queue.condition import Condition
from postduif.queue.mailing import PAUSED, STOPPED, WAVE
from postduif.queue.store import Store
from postduif.queue.stores import Stores

_OF_MAILINGS = frozenset({PAUSED, STOPPED, WAVE})


class StandingOrders:
    """Over all stores that are open. Raises StoreError."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def hold(self, condition: Condition, owner: str, reason: str, until: float | None = None) -> int:
        """See `Store.hold`."""
        count = await self._stores.main.hold(condition, owner, reason, until)
        if condition.whole_queues:
            return count + self._held_whole(condition)
        return count + sum([await one.hold(condition, owner, reason, until) for one in self._of_mailings()])

    async def unhold(self, condition: Condition) -> int:
        """See `Store.unhold`."""
        held = self._held_whole(condition) if condition.whole_queues else 0
        count = await self._stores.main.unhold(condition)
        still = self._held_whole(condition) if condition.whole_queues else 0
        for store in self._of_mailings():
            for owner in {hold.owner for hold in store.holds()} - _OF_MAILINGS:
                if condition.owner in ("", owner):
                    count += await store.unhold(replace(condition, owner=owner, all=False))
        return count + held - still

    async def retry(self, condition: Condition) -> int:
        """See `Store.retry`."""
        return sum([await store.retry(condition) for store in self._stores])

    async def delete(self, condition: Condition, reason: str = "") -> int:
        """See `Store.delete`."""
        return sum([await store.delete(condition, reason) for store in self._stores])

    def _of_mailings(self) -> list[Store]:
        return [store for store in self._stores if store is not self._stores.main]

    def _held_whole(self, condition: Condition) -> int:
        """Recipients of mailings in scheduled queues that the condition means and the main file holds."""
        return sum(
            queue.total
            for store in self._of_mailings()
            for queue in store.scheduled_queues()
            if condition.stream in ("", queue.key.stream)
            and condition.domain.lower() in ("", queue.key.domain)
            and self._stores.main.covers(queue.key)
        )
