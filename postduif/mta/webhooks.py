"""All webhooks: who is told what happens to mail. Started, reloaded and closed by the application.

Each has a task, one connection and one request at a time, so a receiver that hangs holds up neither mail nor the
others. docs/webhooks.md is for those who receive.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Config, Webhook
from postduif.config.webhook_secret import Secret
from postduif.errors import StoreError
from postduif.mta import metrics
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_call import Caller
from postduif.mta.webhook_cursor import Place, back, take
from postduif.mta.webhook_elsewhere import Elsewhere
from postduif.mta.webhook_follower import REST, Follower, Standing
from postduif.mta.webhook_signature import secrets_of
from postduif.mta.webhook_source import Journal
from postduif.queue.following import first_since
from postduif.queue.journal import Line
from postduif.queue.store import Store

Secrets = Mapping[str, Sequence[Secret]]


def read_secrets(config: Config) -> Secrets:
    """What each webhook signs with, by its name. Raises ConfigError."""
    return {webhook.name: secrets_of(webhook) for webhook in config.webhook}


class _Plan(NamedTuple):
    config: Config
    secrets: Secrets
    resolver: Resolver


class Webhooks:
    """Methods are called on the event loop's thread, but for `refresh`."""

    def __init__(self, config: Config, secrets: Secrets, *, store: Store, resolver: Resolver, clock: Clock) -> None:
        self._plan = _Plan(config, secrets, resolver)
        self._store = store
        self._clock = clock
        self._changed = asyncio.Event()
        self._followers: list[Follower[Line]] = []
        self._orders: list[tuple[str, float, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None
        self.elsewhere = Elsewhere(store, clock)

    async def start(self) -> None:
        """Note where new ones begin, then follow the journal. Raises StoreError."""
        places = await self._places(self._plan)
        self._running = asyncio.create_task(self._run(self._plan, places), name="webhooks")

    def reload(self, config: Config, secrets: Secrets, resolver: Resolver) -> None:
        """From now on with these settings; those that were given up are tried again."""
        self._plan = _Plan(config, secrets, resolver)
        self._changed.set()

    def standing(self) -> list[Standing]:
        """How far each one is, here and in the campaign's process."""
        return [self.elsewhere.beside(one.standing()) for one in self._followers]

    async def replay(self, name: str, since: float) -> None:
        """Tell again what happened from then on (seconds since the epoch), as far as the journal has it.

        Those that were given up are tried again, as after a reload. Raises KeyError, StoreError.
        """
        if name not in self._plan.secrets:
            raise KeyError(name)
        await self.elsewhere.replay(name, since)
        done = asyncio.get_running_loop().create_future()
        self._orders.append((name, since, done))
        self._changed.set()
        await done

    async def close(self) -> None:
        """End the requests under way; what was not taken is told at the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def refresh(self) -> None:
        """Bring gauges up to date; called on another thread."""
        now = self._clock.time()
        for one in self.standing():
            metrics.WEBHOOK_LAG.labels(one.name).set(0.0 if one.oldest is None else now - one.oldest)
            metrics.WEBHOOK_GIVEN_UP.labels(one.name).set(one.given_up)

    async def _run(self, plan: _Plan, places: dict[str, Place]) -> None:
        while True:
            await self._follow(plan, places)
            self._changed.clear()
            plan = self._plan
            await self._go_back()  # now that nobody follows, nobody writes down another place
            places = await self._places_at_last(plan)

    async def _go_back(self) -> None:
        while self._orders:
            name, since, done = self._orders.pop(0)
            try:
                row = await self._store.questions.ask(first_since, since)
                if row is not None:
                    await self._store.do(back, name, row)
            except StoreError as error:
                done.set_exception(error)
            else:
                done.set_result(None)

    async def _places_at_last(self, plan: _Plan) -> dict[str, Place]:
        while True:
            try:
                return await self._places(plan)
            except StoreError as error:
                log.warning("webhook_waits", webhook="", error=error)
                await self._clock.sleep(REST)

    async def _places(self, plan: _Plan) -> dict[str, Place]:
        return await self._store.do(take, [webhook.name for webhook in plan.config.webhook])

    async def _follow(self, plan: _Plan, places: dict[str, Place]) -> None:
        """Until the settings change."""
        webhooks, host = plan.config.webhook, plan.config.server.hostname
        context = context_for(webhooks)
        async with contextlib.AsyncExitStack() as stack:
            followers, journal = [], Journal(self._store)
            for one in webhooks:
                caller = Caller(one, plan.secrets[one.name], plan.resolver, context)
                stack.push_async_callback(caller.close)
                place, clock = places[one.name], self._clock
                followers.append(Follower(one, place, source=journal, caller=caller, clock=clock, host=host))
            for gauge in (metrics.WEBHOOK_LAG, metrics.WEBHOOK_GIVEN_UP):
                gauge.clear()
            self._followers = followers
            tasks = [asyncio.create_task(one.run(), name=f"webhook {one.name}") for one in followers]
            try:
                await self._changed.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def context_for(webhooks: Sequence[Webhook]) -> ssl.SSLContext | None:
    """What verifies certificates; None when none of them has TLS."""
    return ssl.create_default_context() if any(one.url.startswith("https:") for one in webhooks) else None
