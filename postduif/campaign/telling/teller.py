"""Tells webhooks what the campaign knows, each of them one request at a time.

Signing, retries, the guard against addresses within our own network and giving up are those of the MTA's webhooks
(docs/webhooks.md); only where the events come from is another. A receiver hears of mail from the one process and of
readers from the other, so nothing is said about the order between these.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from postduif import log
from postduif.campaign.telling import places
from postduif.campaign.telling.source import Source, wanted
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_call import Caller
from postduif.mta.webhook_cursor import Place
from postduif.mta.webhook_follower import REST, Follower
from postduif.mta.webhooks import context_for, read_secrets


class Teller:
    """One per installation. Raises ConfigError for a secret that cannot be read."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._secrets = read_secrets(config)
        self._data_dir = config.server.data_dir
        self._told = [one for one in config.webhook if wanted(one)]

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
        begun = await self._begun()
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
            await asyncio.gather(*(one.run() for one in followers))

    async def _begun(self) -> list[tuple[Source, float]]:
        while True:
            try:
                return await asyncio.to_thread(self._begin)
            except PostduifError as error:
                log.warning("webhook_waits", webhook="", error=error)
                await self._clock.sleep(REST)

    def _begin(self) -> list[tuple[Source, float]]:
        with places.telling(self._data_dir) as connection:
            places.forget_others(connection, [one.name for one in self._told])
        sources = [Source(self._data_dir, one, self._clock) for one in self._told]
        return [(one, one.begin()) for one in sources]
