"""The delivery loop: what is due goes to its Route, Routes get connections, nothing waits without a reason.

A scheduled queue's domain leads to a Destination (`sites`), that to a Route. Routes lease from their scheduled queues
in turn, a bounded number at a time; that is the ready queue. A crash forgets leases, so everything is due again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random

from postduif import log, open_files
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.envelope import Entry
from postduif.errors import StoreError
from postduif.mta.client import Connection, Timeouts, opportunistic_context
from postduif.mta.courier import Courier
from postduif.mta.dkim import Signer
from postduif.mta.exclusion import Exclusion
from postduif.mta.finding import Finding
from postduif.mta.lapse import Lapse
from postduif.mta.ledger import Ledger
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.lookout import SLICE, Lookout
from postduif.mta.mailings import Mailings
from postduif.mta.opening import Opener
from postduif.mta.permits import Permits
from postduif.mta.returns import Returns
from postduif.mta.route import Route
from postduif.mta.site_orders import SiteOrders
from postduif.mta.sites import Destination, Sites
from postduif.mta.suppressions import Suppressions
from postduif.mta.verdict import Circumstances, expired, had_last_try, of_reply, past_validity
from postduif.queue.scheduled import QueueKey
from postduif.queue.stores import Stores
from postduif.reply import Reply

READY_MAX = 1000  # recipients ready on one Route
READY_MIN = 20  # the least it may have ready when memory is shared by many Routes
QUANTUM = 100  # recipients leased from one scheduled queue before the next has its turn
TOGETHER = 8  # scheduled queues of a Route that are read at a time: small ones would make it wait for each
SWEEP = 10.0  # seconds between looks at what outlived its lifetime while held or waiting
DEFAULT_PRIORITY = 50


class Delivery:
    """Everything that leaves, leaves through here."""

    def __init__(
        self,
        config: Config,
        *,
        store: Stores,
        sites: Sites,
        signer: Signer,
        suppressions: Suppressions,
        returns: Returns | None = None,
        mailings: Mailings | None = None,
        clock: Clock,
        random: Random | None = None,
    ) -> None:
        self.routes: dict[Destination, Route] = {}
        self._of_site: dict[str, list[Route]] = {}
        """The Routes that share the limits of a Site."""
        self.permits = Permits()
        self.orders = SiteOrders(self, clock)
        self.links: LinkAddresses | None = None
        """What is in the links of mailings."""
        self._store = store
        self._returns = returns
        self._clock = clock
        self._random = random or Random()  # noqa: S311  spreads retries, guards nothing
        self._lookout = Lookout(store, clock, self._due)
        self._finding = Finding(self.road, self._found, self._spawn)
        self._ledger = Ledger(lambda: self._config, store, suppressions, clock, self._lookout.expect)
        self._exclusion = Exclusion(store, suppressions, self._ledger, clock, self.routes, self._spawn)
        self._lapse = Lapse(lambda: self._config.delivery, store, clock, self.routes, self._expire)
        self._duties = [store.tidy, self._lapse.sweep, suppressions.tidy, *([returns.tidy] if returns else [])]
        self._duties += [mailings.look] if mailings else []
        self._tasks: set[asyncio.Task[None]] = set()
        self._couriers: dict[asyncio.Task[None] | None, Courier] = {}
        """Those of the tasks that carry mail."""
        self._timers: dict[Destination, float] = {}
        """When a Route is looked at again, monotonic seconds."""
        self._stopping = False
        self.reload(config, sites, signer)

    def reload(self, config: Config, sites: Sites, signer: Signer) -> None:
        """Use new settings, from the next connection and message on."""
        self._config = config
        self._sites = sites
        self._signer = signer
        self._priorities = {stream.name: stream.priority for stream in config.stream}
        settings = config.delivery
        self.permits.crowd.most = min(settings.max_connections, open_files.allowed() // 2)
        self._opener = Opener(
            config.server.hostname,
            Timeouts.of(settings),
            opportunistic_context(),
            self._clock,
            broken_tls_memory=settings.broken_tls_memory,
        )

    # --- the loop

    async def run(self) -> None:
        """Deliver until cancelled or closed."""
        self._store.on_due = self._due
        self._store.on_added = self._lookout.look
        sweep = asyncio.create_task(self._sweep())
        try:
            await self._lookout.run()
        finally:
            sweep.cancel()

    async def close(self, grace: float) -> None:
        """Start nothing new, let transactions under way end for `grace` seconds, then give the rest back."""
        self._stopping = True
        self._lookout.stop()
        self._finding.stop()
        for route in self.routes.values():
            self.give_back(route)
        for courier in self._couriers.values():
            courier.finish()
        for task in self._tasks - self._couriers.keys():
            task.cancel()
        _, late = await asyncio.wait(self._tasks, timeout=grace) if self._tasks else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for route in self.routes.values():
            self.give_back(route)
        await self._ledger.settled(grace)

    def _leased(self) -> None:
        """A lease took what was due of a scheduled queue: only now is it known when the rest of it is."""
        self._lookout.expect(self._store.next_due())

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP)
            for duty in (self._prune, self.orders.tidy, *self._duties):
                try:
                    await duty()
                except Exception as error:  # one that fails must not end the others: lifetimes, holds, the journal
                    log.error("sweep_failed", error=error if isinstance(error, StoreError) else repr(error))

    async def _prune(self) -> None:
        for number, route in enumerate(list(self.routes.values()), 1):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            now, site = self._clock.monotonic(), route.destination.site
            if not route.unused or route.resting(now):
                continue
            if not self.permits.wait(site, now, connected=False):  # a rate still counts what was sent
                del self.routes[route.destination]
                self.permits.forget(site)
                self._of_site[site.name].remove(route)
                if not self._of_site[site.name]:
                    del self._of_site[site.name]

    # --- from a scheduled queue to its Route

    def _due(self, key: QueueKey) -> None:
        """Something in this scheduled queue may be leased."""
        if self._stopping:
            return
        if self._returns is not None and self._returns.takes(key, self._spawn):
            return
        destination = self._sites.cached(key.domain)
        if destination is None:
            self._finding.want(key)
        elif isinstance(destination, Reply):
            self._spawn(self._refuse(key, destination))
        else:
            self._assign(key, destination)

    async def _found(self, key: QueueKey, destination: Destination | Reply) -> None:
        if isinstance(destination, Reply):
            await self._refuse(key, destination)
        else:
            self._assign(key, destination)

    def _assign(self, key: QueueKey, destination: Destination) -> None:
        route = self.routes.get(destination)
        if route is None:
            route = self.routes[destination] = Route(destination, self.permits)
            self._of_site.setdefault(route.name, []).append(route)
            self.orders.apply(route)
        elif route.destination is not destination:
            route.update(destination)
        if self._returns is not None and self._returns.addresses.for_submitted:
            route.ready.max_recipients = 1  # each has a return address of his own
        route.queues[key] = None
        self.pump(route)

    async def _refuse(self, key: QueueKey, reply: Reply) -> None:
        """There is no road to this domain: that is the verdict on all that is due for it."""
        while entries := await self._store.lease(key, QUANTUM):
            self._decide(entries, reply, "")
            if len(entries) < QUANTUM:
                break
        self._leased()

    # --- a Route at work

    def pump(self, route: Route) -> None:
        """Do for a Route all that can be done now: lease, wake, open."""
        if self._stopping or route.suspended:
            return
        now = self._clock.monotonic()
        if not route.resting(now):
            self._lease(route)
            while route.open(now):
                self._spawn(self._serve(route))
        wait = route.wait(now)
        if not wait:
            route.wake()
        elif now + wait < self._timers.get(route.destination, float("inf")):
            self._timers[route.destination] = now + wait
            self._spawn(self._pump_later(route.destination, wait))

    async def _pump_later(self, destination: Destination, wait: float) -> None:
        await self._clock.sleep(wait)
        if self._timers.get(destination, float("inf")) <= self._clock.monotonic():
            del self._timers[destination]
        if (route := self.routes.get(destination)) is not None:
            self.pump(route)

    def _room_at_most(self) -> int:
        fair = self._config.queue.max_leased // max(1, len(self.routes))
        return min(READY_MAX, max(READY_MIN, fair))

    def _room(self, route: Route) -> int:
        return self._room_at_most() - route.ready.recipients

    def _lease(self, route: Route) -> None:
        """Fill the ready queue from memory; what waits on disk is read by `_refill`, a queue at a time, in turn."""
        for _ in range(len(route.queues)):
            if (room := self._room(route)) <= 0:
                return
            key, _ = route.queues.popitem(last=False)
            entries = self._store.lease_fresh(key, room)
            self._take(route, key, entries)
            if entries:
                self._leased()
            if len(entries) == room:
                route.queues[key] = None
            elif self._store.waits_on_disk(key):
                route.on_disk[key] = None
        if route.on_disk and not route.refilling and route.ready.recipients < self._room_at_most() // 2:
            route.refilling = True
            self._spawn(self._refill(route))

    async def _refill(self, route: Route) -> None:
        try:
            enough = self._room_at_most() // 4  # room that is left: the last few would be read one at a time
            while route.on_disk and (room := self._room(route)) > enough and not self._stopping:
                keys = [route.on_disk.popitem(last=False)[0] for _ in range(min(TOGETHER, len(route.on_disk), room))]
                share = min(QUANTUM, room // len(keys))
                leased = await asyncio.gather(*[self._store.lease(key, share) for key in keys], return_exceptions=True)
                self._leased()
                failed = [one for one in leased if isinstance(one, BaseException)]
                for key, entries in zip(keys, leased, strict=True):
                    if not isinstance(entries, BaseException):
                        self._take(route, key, entries)
                        if entries and self._store.waits_on_disk(key):
                            route.on_disk[key] = None
                self.pump(route)
                if failed:
                    raise failed[0]
        finally:
            route.refilling = False

    def _take(self, route: Route, key: QueueKey, entries: list[Entry]) -> None:
        if not entries:
            return
        alive = self._unexpired(entries, route.name)
        terms = self._store.terms(key.stream)
        priority = self._priorities.get(terms.stream, DEFAULT_PRIORITY) if terms.priority is None else terms.priority
        suspects = self._exclusion.suspects(alive)
        route.ready.add(key, priority, [entry for entry in alive if entry not in suspects] if suspects else alive)
        if suspects:
            self._spawn(self._examine(route, key, priority, suspects))

    async def _examine(self, route: Route, key: QueueKey, priority: int, suspects: list[Entry]) -> None:
        route.ready.add(key, priority, await self._exclusion.allowed(suspects))
        self.pump(route)

    async def _serve(self, route: Route) -> None:
        """One connection, from opening to end."""
        began = self._clock.monotonic()
        opened: Connection | Reply = Reply(421, "4.3.2", "closed here")
        try:
            hosts = await self._sites.hosts(route.destination)
            opened = hosts if isinstance(hosts, Reply) else await self._opener.open(route, hosts)
        except Exception as error:  # a mistake of ours must not leave what is ready waiting for ever
            log.error("failure", where="opening", site=route.name, error=repr(error))
            opened = Reply(451, "4.3.0", "something went wrong here")
        finally:
            route.opened(opened if isinstance(opened, Connection) else None)
        if isinstance(opened, Reply):
            self._not_opened(route, opened)
            return
        courier = Courier(
            route,
            opened,
            store=self._store,
            signer=self._signer,
            ledger=self._ledger,
            clock=self._clock,
            return_addresses=lambda: self._returns.addresses if self._returns else None,
            links=lambda: self.links,
            config=self._config,
            random=self._random,
            connect_seconds=self._clock.monotonic() - began,
            feed=self.pump,
        )
        task = asyncio.current_task()
        self._couriers[task] = courier
        try:
            await courier.run()
        finally:
            del self._couriers[task]
            self._pump_site(route)

    def _pump_site(self, route: Route) -> None:
        """A connection to the site is over; those who may have waited for its permit come first."""
        others = [one for one in self._of_site.get(route.name, ()) if one is not route]
        for one in [*others, route]:
            self.pump(one)
        self._admit()

    def _admit(self) -> None:
        """There may be room for connections of sites that found none."""
        for name in self.permits.crowd.admitted():
            for route in self._of_site.get(name, ()):
                self.pump(route)

    def heard(self, late: float) -> None:
        """To be told at each beat of the event loop how late it was, in seconds."""
        self.permits.crowd.beat(late)
        self._admit()

    def _not_opened(self, route: Route, reply: Reply) -> None:
        """No host took a connection. Unless others are up, that is the verdict on all that is ready."""
        if route.connections:
            return
        now = self._clock.monotonic()
        route.unreachable(reply, now)
        log.warning("site_unreachable", site=route.name, reply=reply, rest=route.resting(now))
        for batch in route.ready.drain():
            self._decide(batch.entries, reply, route.name)
        self._pump_site(route)

    def look(self) -> None:
        """Look soon at what is due."""
        self._lookout.look()

    async def road(self, domain: str) -> Destination | Reply:
        """Where a domain's mail goes now, or the verdict for it."""
        return await self._sites.destination(domain)

    def give_back(self, route: Route) -> None:
        """Return what is ready on a Route to the queue."""
        for batch in route.ready.drain():
            self._store.release(batch.entries)

    # --- verdicts without a transaction

    def _decide(self, entries: list[Entry], reply: Reply, site: str) -> None:
        about = Circumstances(site, self._clock.time(), self._random.random())
        alive = self._unexpired(entries, site)
        self._ledger.record([of_reply(entry, reply, about, self._config.delivery) for entry in alive])

    def _unexpired(self, entries: list[Entry], site: str) -> list[Entry]:
        """Give up those that were tried after the end of their lifetime; the others."""
        now = self._clock.time()
        steady = self._lapse.steady()
        late = [one for one in entries if past_validity(one, now) or (steady and had_last_try(one))]
        if not late:
            return entries
        self._expire(late, site)
        return [entry for entry in entries if entry not in late]

    def _expire(self, entries: list[Entry], site: str) -> None:
        about = Circumstances(site, self._clock.time(), 0.0)
        self._ledger.record([expired(entry, about) for entry in entries])

    def _spawn(self, coroutine: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery_task_failed", error=error if isinstance(error, StoreError) else repr(error))
