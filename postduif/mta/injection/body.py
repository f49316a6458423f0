"""The body of one request, read as it is wanted: what is not asked for stays with the client.

Promises: no more than `limit` octets of content, not slower than `min_data_rate` while we wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from postduif.config.schema import Http
from postduif.mta.injection.framing import Chunks, Framing, Sized, Unframed
from postduif.mta.injection.problem import Problem
from postduif.mta.injection.request import Request


class Body:
    """`read` until it gives nothing more."""

    def __init__(self, head: Request, begun: bytes, settings: Http, more: Callable[[], Awaitable[bytes]]) -> None:
        """`begun` is what came with the head; `more` gives further octets, and raises `Gone`."""
        self._framing: Framing = Chunks() if head.chunked else Sized(head.length or 0)
        self._begun = begun
        self.over = self._framing.over
        """`read` said that it is over, or there is none. Not how much of it came: a connection is to go on, or to end,
        whatever pieces a request comes in."""
        self._length = head.length or 0
        self._settings = settings
        self._more = more
        self._waited = 0.0
        self._came = 0
        self.octets = 0
        """So many came."""
        self.limit = 0
        """So many may come; to be set before the first `read`."""

    @property
    def rest(self) -> bytes:
        """What came behind it."""
        return self._framing.rest + self._begun

    async def read(self) -> bytes:
        """Some more; b"" is the end. Raises Problem: too large, too slow, no proper chunks. Raises Gone."""
        if self._length > self.limit:
            raise self._too_large()
        while not self._framing.over:
            octets, self._begun = self._begun or await self._wait(), b""
            try:
                content = self._framing.feed(octets)
            except Unframed as error:
                raise Problem("bad_request", f"the body is not as its header says: {error}") from None
            self.octets += len(content)
            if self.octets > self.limit:
                raise self._too_large()
            if content:
                return content
        self.over = True
        return b""

    async def _wait(self) -> bytes:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.idle_timeout):
                octets = await self._more()
        except TimeoutError:
            raise Problem("timeout", "the body did not come in time") from None
        self._waited += time.monotonic() - began
        self._came += len(octets)
        if self._waited >= self._settings.idle_timeout:
            if self._came < self._settings.min_data_rate * self._waited:
                raise Problem("timeout", f"less than {self._settings.min_data_rate} octets a second")
            self._waited = self._came = 0
        return octets

    def _too_large(self) -> Problem:
        return Problem("too_large", f"more than {self.limit} octets of body")
