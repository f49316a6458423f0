"""Takes people who were erased out of what the MTA keeps beside the suppression list: results of mailings above all.

Going through the files of many mailings takes minutes, and who is in one that goes on leaves it a while later, with a
row that names him. So the order is on disk first, and stays there until nothing can come any more: it is carried out
whether somebody waits for it or not, also by the next daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from postduif import log
from postduif.clock import Clock
from postduif.mta import erasure_rows
from postduif.mta.control import Action
from postduif.mta.injection import kept_keys
from postduif.queue.store import Store

PATIENCE = 20.0
"""Seconds that whoever erases waits for the end of it: well below what pages and the command line wait for us."""
REST = 10.0  # seconds after trouble
EVERY = 10.0  # seconds between two looks at mailings that go on
AGAIN = 60.0
"""Seconds for which they are looked at, from when all files were gone through."""


class Results(Protocol):
    """What became of mailings. Raises StoreError."""

    async def ended(self) -> frozenset[int]:
        """Nothing that names somebody comes into these any more."""
        ...

    async def forget(self, addresses: Sequence[str], but: AbstractSet[int] = frozenset()) -> Mapping[int, str]:
        """Take addresses out of all but those; returns which could not be written, and why."""
        ...


class _Round(NamedTuple):
    """Orders that were carried out in all files once."""

    last: int
    """Number of the last."""
    addresses: list[str]
    ended: frozenset[int]
    """Mailings that need no look any more."""
    until: float
    """Monotonic seconds."""


class Erasures:
    """One per daemon, on the event loop's thread."""

    def __init__(self, store: Store, results: Results, clock: Clock, patience: float = PATIENCE) -> None:
        self._store = store
        self._results = results
        self._clock = clock
        self._patience = patience
        self._news = asyncio.Event()
        self._news.set()  # perhaps the daemon before left some
        self._last = 0
        self._passed = asyncio.Condition()
        self._rounds: list[_Round] = []
        self._any_round = asyncio.Event()
        self._failed: Mapping[int, str] = {}
        self._running = [asyncio.create_task(one(), name="erasures") for one in (self._run, self._repeat)]

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
                return not self._failed
        return False

    async def erasing(self, _: dict[str, Any]) -> object:
        """How many addresses are still in files, and `since` when they are to be taken out; None: there are none.

        `failed`: the mailings whose files cannot be written, and why.
        """
        waiting = await self._store.questions.ask(erasure_rows.waiting)
        left = [one for one in waiting if self._failed or one.number > self._last]
        return {"addresses": len(left), "since": min((one.at for one in left), default=None), "failed": self._failed}

    async def close(self) -> None:
        """The next daemon goes on with what is left."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._everywhere()
            except Exception as error:  # whatever it is, nobody may stay in these files because of it
                log.error("erasing_waits", error=error, remedy="it is tried again within seconds")
                self._news.set()
                await self._clock.sleep(REST)

    async def _repeat(self) -> None:
        while await self._any_round.wait():
            await self._clock.sleep(EVERY)
            try:
                await self._where_it_goes_on()
            except Exception as error:
                log.error("erasing_waits", error=error, remedy="it is tried again within seconds")

    async def _everywhere(self) -> None:
        """All that are new."""
        waiting = await self._store.questions.ask(erasure_rows.waiting)
        if not (new := [one for one in waiting if one.number > self._last]):
            return
        addresses = [one.address for one in new]
        ended = await self._results.ended()
        failed = await self._results.forget(addresses)
        self._see({**self._failed, **failed})
        last, until = new[-1].number, self._clock.monotonic() + AGAIN
        self._rounds.append(_Round(last, addresses, ended.difference(failed), until))
        self._any_round.set()
        async with self._passed:
            self._last = last
            self._passed.notify_all()

    async def _where_it_goes_on(self) -> None:
        """Those that were taken out lately; when nothing more can come, the order is done."""
        rounds = list(self._rounds)
        over = [one for one in rounds if one.until <= self._clock.monotonic()]
        addresses = [address for one in rounds for address in one.addresses]
        self._see(await self._results.forget(addresses, frozenset.intersection(*(one.ended for one in rounds))))
        if over and not self._failed:
            await self._store.do(erasure_rows.done, over[-1].last)
            del self._rounds[: len(over)]
            if not self._rounds:
                self._any_round.clear()

    def _see(self, failed: Mapping[int, str]) -> None:
        for number in failed.keys() - self._failed.keys():
            log.error("mailing_not_forgotten", mailing=number, error=failed[number], remedy="it is tried again")
        self._failed = failed
