"""How the campaign's process gets on with webhooks, which has no metrics and no commands of its own: it reports to us.

What it says is shown and counted with what we tell ourselves, a row a webhook. Orders to tell again go with the
answer, and are kept, in the queue file, until it says that they were carried out, or nobody did so in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postduif.clock import Clock
from postduif.mta import metrics, webhook_cursor
from postduif.mta.webhook_follower import Standing
from postduif.queue.store import Store

SILENT = 60.0
"""Seconds after which a report is no news any more: that process is not there."""
LASTS = 600.0
"""Seconds for which an order stands: enough for either process to start again. Who comes later does what is new."""


class Elsewhere:
    """One per daemon. Raises StoreError where it is awaited."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._heard = clock.monotonic()  # perhaps it is there, and is about to report
        self._standings: dict[str, Standing] = {}

    @property
    def _there(self) -> bool:
        return self._clock.monotonic() - self._heard < SILENT

    async def hear(self, report: Mapping[str, Any]) -> dict[str, float]:
        """`webhooks`: of each its standing, and what was counted since the last report; `replayed`: orders that were
        carried out. Returns those that are not, and stand: since when a webhook is told again, by its name."""
        orders = await self._store.questions.ask(webhook_cursor.orders)  # first: who gets an error reports again
        done, oldest = report["replayed"], self._clock.time() - LASTS
        if over := {name: one for name, one in orders.items() if done.get(name) == one.since or one.at < oldest}:
            await self._store.do(webhook_cursor.over, over)
        self._heard = self._clock.monotonic()
        standings = {}
        for one in report["webhooks"]:
            standing = Standing(**one["standing"])
            standings[standing.name] = standing
            for result, count in one["requests"].items():
                metrics.WEBHOOK_REQUESTS.labels(standing.name, result).inc(count)
            metrics.WEBHOOK_EVENTS.labels(standing.name).inc(one["events"])
        self._standings = standings  # whole: the metrics are read in another thread
        return {name: one.since for name, one in orders.items() if name not in over}

    async def replay(self, name: str, since: float) -> None:
        """Tell that one again what happened from then on (seconds since the epoch), if somebody is there: an order
        that outlasts us once this returns."""
        if self._there:
            await self._store.do(webhook_cursor.order, name, webhook_cursor.Order(since, self._clock.time()))

    def beside(self, own: Standing) -> Standing:
        """Ours and theirs in one."""
        theirs = self._standings.get(own.name) if self._there else None
        if theirs is None:
            return own
        return own._replace(
            oldest=_first(own.oldest, theirs.oldest),
            failing_since=_first(own.failing_since or None, theirs.failing_since or None) or 0.0,
            trouble=own.trouble or theirs.trouble,
            next_try=_first(own.next_try, theirs.next_try),
            given_up=own.given_up or theirs.given_up,
        )


def _first(*moments: float | None) -> float | None:
    return min((one for one in moments if one is not None), default=None)
