"""Tells webhooks what the campaign knows, each of them one request at a time.

Signing, retries, the guard against addresses within our own network and giving up are those of the MTA's webhooks
(docs/webhooks.md); only where the events come from is another. A receiver hears of mail from the one process and of
readers from the other, so nothing is said about the order between these.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from postduif import log
from postduif.campaign.telling import places
from postduif.campaign.telling.source import Source, wanted
from postduif.campaign.telling.stream import Event
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.control import ControlError, ask
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_call import Caller
from postduif.mta.webhook_cursor import Place
from postduif.mta.webhook_follower import REST, Follower
from postduif.mta.webhooks import context_for, read_secrets

T = TypeVar("T")

REPORT = 10.0  # seconds between reports to the MTA


class Teller:
    """One per installation. Raises ConfigError for a secret that cannot be read."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._secrets = read_secrets(config)
        self._data_dir = config.server.data_dir
        self._told = [one for one in config.webhook if wanted(one)]
        self._replayed: dict[str, float] = {}

    @property
    def wanted(self) -> bool:
        """Some webhook wants something of it."""
        return bool(self._told)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; what was not taken is told by the next."""
        asyncio.run(self._until(stop))

    async def _until(self, stop: threading.Event) -> None:
        telling = asyncio.create_task(self.tell())
        await asyncio.to_thread(stop.wait)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)

    async def tell(self) -> None:
        """Until cancelled."""
        while True:
            begun = await self._insist(self._begin)
            orders = await self._follow(begun)
            await self._insist(self._go_back, orders)

    async def _follow(self, begun: list[tuple[Source, float]]) -> dict[str, float]:
        """Until some are to be told again: since when, by their names."""
        context = context_for(self._told)
        resolver = Resolver(self._config.dns, self._clock)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(resolver.close)
            followers = []
            for webhook, (source, failing_since) in zip(self._told, begun, strict=True):
                caller = Caller(webhook, self._secrets[webhook.name], resolver, context)
                stack.push_async_callback(caller.close)
                place, host = Place(0, failing_since), self._config.server.hostname
                followers.append(Follower(webhook, place, source=source, caller=caller, clock=self._clock, host=host))
            tasks = [asyncio.create_task(one.run()) for one in followers]
            try:
                while not (orders := await self._report(followers)):
                    await self._clock.sleep(REPORT)
                return orders
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for source, _ in begun:  # a thread of theirs may be writing still
                    await asyncio.to_thread(source.end)

    async def _report(self, followers: list[Follower[Event]]) -> dict[str, float]:
        """Say how they get on to the MTA, if it is there. Returns what it wants to be told again."""
        said = [(one, one.standing(), one.requests.copy(), one.events) for one in followers]
        webhooks = [
            {"standing": standing._asdict(), "requests": requests, "events": events}
            for _, standing, requests, events in said
        ]
        tell = partial(ask, self._config.server.run_dir, "webhook.report", webhooks=webhooks, replayed=self._replayed)
        try:
            orders: dict[str, float] = (await asyncio.to_thread(tell))["replay"]
        except ControlError:
            return {}
        for one, _, requests, events in said:
            one.requests -= requests
            one.events -= events
        return {name: since for name, since in orders.items() if self._replayed.get(name) != since}

    async def _insist(self, work: Callable[..., T], *arguments: object) -> T:
        while True:
            try:
                return await asyncio.to_thread(work, *arguments)
            except PostduifError as error:
                log.warning("webhook_waits", webhook="", error=error)
                await self._clock.sleep(REST)

    def _begin(self) -> list[tuple[Source, float]]:
        with places.telling(self._data_dir) as connection:
            places.forget_others(connection, [one.name for one in self._told])
        sources = [Source(self._data_dir, one, self._clock) for one in self._told]
        return [(one, one.begin()) for one in sources]

    def _go_back(self, orders: dict[str, float]) -> None:
        for webhook in self._told:
            if webhook.name in orders:
                source = Source(self._data_dir, webhook, self._clock)
                source.begin()
                source.go_back(orders[webhook.name])
        self._replayed = orders
