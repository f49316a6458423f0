"""Takes people who were erased out of what the MTA keeps beside the suppression list: results of mailings above all.

Going through the files of many mailings takes minutes. So the order is on disk first, and is carried out whether
somebody waits for it or not, also by the next daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from postduif import log
from postduif.clock import Clock
from postduif.mta import erasure_rows
from postduif.mta.control import Action
from postduif.mta.injection import kept_keys
from postduif.queue.store import Store

PATIENCE = 20.0
"""Seconds that whoever erases waits for the end of it: well below what pages and the command line wait for us."""
REST = 10.0  # seconds after trouble


class Erasures:
    """One per daemon, on the event loop's thread."""

    def __init__(
        self,
        store: Store,
        in_mailings: Callable[[Sequence[str]], Awaitable[object]],
        clock: Clock,
        patience: float = PATIENCE,
    ) -> None:
        """`in_mailings` takes addresses out of the results of all mailings."""
        self._store = store
        self._in_mailings = in_mailings
        self._clock = clock
        self._patience = patience
        self._news = asyncio.Event()
        self._news.set()  # perhaps the daemon before left some
        self._last = 0
        self._passed = asyncio.Condition()
        self._running = asyncio.create_task(self._run(), name="erasures")

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the campaign says."""
        return {"suppress.erasing": self.erasing}

    async def forget(self, addresses: Sequence[str]) -> bool:
        """Take them out; False: it goes on, on disk, after the time that one waits for it. Raises StoreError."""
        if not addresses:
            return True
        await self._store.do(kept_keys.blank, addresses)
        last = await self._store.do(erasure_rows.note, addresses, self._clock.time())
        self._news.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience), self._passed:
                await self._passed.wait_for(lambda: self._last >= last)
                return True
        return False

    async def erasing(self, _: dict[str, Any]) -> object:
        """How many addresses are still being taken out, and `since` when; None: there are none."""
        waiting = await self._store.questions.ask(erasure_rows.waiting)
        return {"addresses": len(waiting), "since": min((one.at for one in waiting), default=None)}

    async def close(self) -> None:
        """The next daemon goes on with what is left."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._take_out()
            except Exception as error:  # whatever it is, nobody may stay in these files because of it
                log.error("erasing_waits", error=error, remedy="it is tried again within seconds")
                self._news.set()
                await self._clock.sleep(REST)

    async def _take_out(self) -> None:
        """All that wait now."""
        waiting = await self._store.questions.ask(erasure_rows.waiting)
        if not waiting:
            return
        await self._in_mailings([one.address for one in waiting])
        last = waiting[-1].number
        await self._store.do(erasure_rows.done, last)
        async with self._passed:
            self._last = last
            self._passed.notify_all()
