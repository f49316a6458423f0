"""What `postduif queue top` is told: the busiest sites and scheduled queues, with what each did in the last seconds.

Costs nothing while nobody looks: attempts are counted in the journal, the rest is in memory anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from postduif.clock import Clock
from postduif.mta.control import Action
from postduif.mta.delivery import Delivery
from postduif.mta.last_hour import LastHour
from postduif.mta.route_figures import describe
from postduif.queue.activity import Activity, Load
from postduif.queue.scheduled import QueueKey
from postduif.queue.stores import Stores

WINDOW = 10.0  # seconds that are looked back
MAX_ROWS = 200

Figures = dict[str, Any]


class LiveOperations:
    """Over a running delivery."""

    def __init__(self, stores: Stores, delivery: Delivery, hour: LastHour, clock: Clock) -> None:
        self._stores = stores
        self._delivery = delivery
        self._hour = hour
        self._clock = clock

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {"live.top": self.top, "live.hour": self.hour}

    async def hour(self, _: Figures) -> object:
        """What went in and out in the last hour, and how full the queue is: for pages that stay open."""
        disk = self._stores.main.stats.disk_free
        state = {"queued": self._stores.queued, "under_way": self._stores.leased, "disk_free": disk}
        return {**self._hour.figures(), **state, "full": self._stores.main.full, "trouble": self._stores.main.trouble}

    async def top(self, request: Figures) -> object:
        """Totals, and the `limit` busiest sites and scheduled queues. Counts of attempts are of the last `seconds`."""
        limit = min(int(request.get("limit", 50)), MAX_ROWS)
        attempts, loads = list[Activity](), dict[QueueKey, Load]()
        for store in self._stores:
            of_store, loads_of_store = await store.questions.activity(self._clock.time() - WINDOW, limit)
            attempts += of_store
            loads |= loads_of_store
        return {
            "seconds": WINDOW,
            "queued": self._stores.queued,
            "under_way": self._stores.leased,
            "full": self._stores.main.full,
            "trouble": self._stores.main.trouble,
            **_sum(attempts),
            "sites": self._sites(attempts)[:limit],
            "queues": _queues(attempts, loads)[:limit],
        }

    def _sites(self, attempts: Iterable[Activity]) -> list[Figures]:
        counted = _by(attempts, lambda one: one.site)
        routes = list(self._delivery.routes.values())
        now = self._clock.monotonic()
        rows: list[Figures] = [{**describe(one, now), **_sum(counted.pop(one.name, ()))} for one in routes]
        return sorted(rows, key=lambda row: (-_attempts(row), -row["ready"], row["site"]))


def _queues(attempts: Iterable[Activity], loads: Mapping[QueueKey, Load]) -> list[Figures]:
    counted = _by(attempts, lambda one: QueueKey(one.stream, one.domain))
    rows = [_queue(load, counted.get(key, ())) for key, load in loads.items()]
    return sorted(rows, key=lambda row: (-_attempts(row), -row["under_way"], -row["total"], row["domain"]))


def _queue(load: Load, attempts: Iterable[Activity]) -> Figures:
    waiting = max(load.total - load.held - load.leased, 0)
    figures = {"stream": load.stream, "domain": load.domain, "total": load.total, "waiting": waiting}
    return {**figures, "held": load.held, "under_way": load.leased, **_sum(attempts)}


def _by(attempts: Iterable[Activity], key: Any) -> dict[Any, list[Activity]]:
    grouped: dict[Hashable, list[Activity]] = defaultdict(list)
    for one in attempts:
        grouped[key(one)].append(one)
    return grouped


def _sum(attempts: Iterable[Activity]) -> Figures:
    sums = {"delivered": 0, "deferred": 0, "failed": 0}
    for one in attempts:
        for name in sums:
            sums[name] += getattr(one, name)
    return sums


def _attempts(row: Figures) -> int:
    return int(row["delivered"] + row["deferred"] + row["failed"])
