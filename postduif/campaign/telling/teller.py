"""Tells webhooks what the campaign knows: each wanted stream to each webhook, one request at a time.

Signing, retries, the guard against addresses within our own network and giving up are those of the MTA's webhooks
(docs/webhooks.md); only where the events come from is another. A receiver hears of mail from the one process and of
readers from the other, so nothing is said about the order between these.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from postduif import log
from postduif.campaign.telling import places
from postduif.campaign.telling.streams import STREAMS, Event, Part, Stream
from postduif.clock import Clock
from postduif.config.schema import Config, Webhook
from postduif.errors import PostduifError
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_call import Caller
from postduif.mta.webhook_cursor import Place
from postduif.mta.webhook_events import TYPE, moment
from postduif.mta.webhook_follower import REST, Follower
from postduif.mta.webhooks import context_for, read_secrets


class Told(NamedTuple):
    """One webhook and one stream that it wants."""

    webhook: Webhook
    stream: Stream


class _Source:
    """One stream, as a follower asks for it. Files are read and written in threads."""

    def __init__(self, data_dir: Path, stream: Stream, clock: Clock) -> None:
        self._data_dir = data_dir
        self._stream = stream
        self._clock = clock
        self._looks = 0

    @property
    def commits(self) -> int:
        """Always another one: it is cheap to look once a second."""
        self._looks += 1
        return self._looks

    async def follow(self, after: int, kinds: Sequence[str], limit: int) -> Part:
        """As the stream has them."""
        return await asyncio.to_thread(self._stream.read, self._data_dir, after, kinds, limit, self._clock.time())

    async def taken(self, name: str, last: int) -> None:
        """On disk when it returns."""
        await asyncio.to_thread(self._write, name, last, 0.0)

    async def passed(self, name: str, last: int) -> None:
        """On disk when it returns."""
        await asyncio.to_thread(self._write, name, last, None)

    async def failing(self, name: str, since: float) -> None:
        """On disk when it returns."""
        await asyncio.to_thread(self._write, name, None, since)

    def body(self, lines: Sequence[Event], host: str) -> bytes:
        """As docs/webhooks.md has it."""
        told = [
            {"id": f"{self._stream.name}-{one.number}", "type": one.kind, "timestamp": moment(one.at), **one.more}
            for one in lines
        ]
        whole = {"type": TYPE, "timestamp": moment(lines[-1].at), "host": host, "data": told}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def _write(self, name: str, last: int | None, since: float | None) -> None:
        with places.telling(self._data_dir) as connection:
            if last is not None:
                places.move(connection, self._stream.name, name, last)
            if since is not None:
                places.failing(connection, self._stream.name, name, since)


class Teller:
    """One per installation. Raises ConfigError for a secret that cannot be read."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._secrets = read_secrets(config)
        self._data_dir = config.server.data_dir
        self._told = [
            Told(one, stream) for one in config.webhook for stream in STREAMS if set(stream.kinds) & set(one.events)
        ]

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
        found = await self._places()
        context = context_for([one.webhook for one in self._told])
        resolver = Resolver(self._config.dns, self._clock)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(resolver.close)
            followers = list(self._followers(found, stack.push_async_callback, resolver, context))
            await asyncio.gather(*(one.run() for one in followers))

    def _followers(
        self,
        found: dict[str, dict[str, Place]],
        at_the_end: Callable[..., object],
        resolver: Resolver,
        context: ssl.SSLContext | None,
    ) -> Iterator[Follower[Event]]:
        for webhook, stream in self._told:
            caller = Caller(webhook, self._secrets[webhook.name], resolver, context)
            at_the_end(caller.close)
            source = _Source(self._data_dir, stream, self._clock)
            place, host = found[stream.name][webhook.name], self._config.server.hostname
            yield Follower(webhook, place, source=source, caller=caller, clock=self._clock, host=host)

    async def _places(self) -> dict[str, dict[str, Place]]:
        while True:
            try:
                return await asyncio.to_thread(self._take)
            except PostduifError as error:
                log.warning("webhook_waits", webhook="", error=error)
                await self._clock.sleep(REST)

    def _take(self) -> dict[str, dict[str, Place]]:
        with places.telling(self._data_dir) as connection:
            return {
                stream.name: places.take(
                    connection,
                    stream.name,
                    [one.webhook.name for one in self._told if one.stream is stream],
                    stream.last(self._data_dir),
                )
                for stream in STREAMS
            }
