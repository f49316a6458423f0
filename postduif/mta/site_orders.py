"""What operators ask of sites: how they do, hold them, let them go. Kept in memory; a restart forgets it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from postduif.clock import Clock
from postduif.mta.permits import Permits
from postduif.mta.route import Route
from postduif.mta.route_figures import describe
from postduif.mta.sites import Destination
from postduif.reply import Reply


class Roads(Protocol):
    """What is asked of delivery."""

    permits: Permits
    routes: dict[Destination, Route]

    async def road(self, domain: str) -> Destination | Reply:
        """Where a domain's mail goes now, or the verdict for it."""
        ...

    def pump(self, route: Route) -> None:
        """Do for a Route all that can be done now."""
        ...

    def give_back(self, route: Route) -> None:
        """Return what is ready on a Route to the queue."""
        ...

    def look(self) -> None:
        """Look soon at what is due."""
        ...


class Suspension(NamedTuple):
    """A site that is held. Times in seconds since the epoch."""

    site: str
    reason: str
    by: str
    at: float
    until: float | None
    """None: until somebody lets it go."""


class SiteOrders:
    """The operator's word on sites."""

    def __init__(self, roads: Roads, clock: Clock) -> None:
        self._roads = roads
        self._clock = clock
        self._suspended: dict[str, Suspension] = {}

    def describe(self, route: Route) -> dict[str, object]:
        """One road in plain values."""
        return describe(route, self._clock.monotonic())

    def listed(self, find: str = "", limit: int | None = None, *, resting: bool = False) -> list[dict[str, object]]:
        """The roads, in plain values: those that are suspended, then those with the most that is ready.

        `find`: with it in the name of the site or a host. `resting`: those that rest as no host took a connection.
        """
        now = self._clock.monotonic()
        routes = [one for one in self._roads.routes.values() if not resting or one.resting(now)]
        found = [one for one in routes if any(find in name for name in _names(one))] if find else routes
        found.sort(key=lambda one: (not one.suspended, -one.ready.recipients, one.name))
        return [self.describe(one) for one in found[:limit]]

    async def road_of(self, domain: str) -> dict[str, object]:
        """Which road a domain's mail takes now."""
        destination = await self._roads.road(domain)
        if isinstance(destination, Reply):
            return {"site": "", "reply": str(destination)}
        route = self._roads.routes.get(destination)
        if route is None:
            route = Route(destination, self._roads.permits)
            self.apply(route)
        return self.describe(route)

    def apply(self, route: Route) -> None:
        """A Route begins: is its site held?"""
        held = self._suspended.get(route.name)
        route.suspended = held.reason if held else ""

    def suspended(self) -> list[Suspension]:
        """Every site that is held, by name."""
        return sorted(self._suspended.values())

    def suspend(self, site: str, reason: str, by: str = "operator", until: float | None = None) -> None:
        """Send nothing to a site, until then at most. What is ready goes back to the queue."""
        self._suspended[site] = Suspension(site, reason, by, self._clock.time(), until)
        for route in self._of(site):
            route.suspended = reason
            self._roads.give_back(route)

    def resume(self, site: str) -> bool:
        """Send to a site again, and forget that it could not be reached; False when nothing held it."""
        held = self._suspended.pop(site, None) is not None
        for route in self._of(site):
            held = held or bool(route.resting(self._clock.monotonic()))
            route.suspended = ""
            route.resume()
            self._roads.pump(route)
        self._roads.look()
        return held

    async def tidy(self) -> None:
        """Let go what was held until now. A duty of each sweep."""
        now = self._clock.time()
        for one in self.suspended():
            if one.until is not None and one.until <= now:
                self.resume(one.site)

    def _of(self, site: str) -> Iterable[Route]:
        return [route for route in self._roads.routes.values() if route.name == site]


def _names(route: Route) -> Iterable[str]:
    return (route.name, *(exchange.name for exchange in route.destination.hosts))
