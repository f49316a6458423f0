"""One webhook: goes through what happened and tells its receiver, in order, until it has taken everything.

Where the events come from keeps how far the receiver has got (`Source`); what it was not heard to take is told again,
after a crash too. One request is under way at a time. While a receiver fails, the events wait in the journal,
which is kept for `queue.journal_retention` and no longer: what is forgotten before it was told is counted and logged.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple

from postduif import log
from postduif.clock import Clock
from postduif.config.schema import Webhook
from postduif.errors import StoreError
from postduif.mta import metrics, webhook_cursor
from postduif.mta.webhook_call import Answer, Caller
from postduif.mta.webhook_source import One, Source
from postduif.queue.following import WINDOW

POLL = 1.0  # seconds between looks for news
NOTE = 60.0  # seconds after which progress past rows that are no news is written down
REST = 10.0  # seconds after trouble of our own
JITTER = 0.2  # share of a wait
MAX_ASKED = 4 * 3600.0  # seconds that a receiver may ask us to wait
GONE = 410  # the receiver wants no more (RFC 9110 15.5.11)


class Standing(NamedTuple):
    """How far one webhook is. Times in seconds since the epoch."""

    name: str
    url: str
    oldest: float | None
    """When the first event that the receiver has not taken happened; None: there is none under way."""
    failing_since: float
    """0: the last request went well."""
    trouble: str
    """What came of the last request, when it was not taken."""
    next_try: float | None
    """None: a request is under way or nothing is to be told; or it was given up."""
    given_up: bool


class Follower(Generic[One]):
    """`run` until cancelled."""

    def __init__(
        self,
        webhook: Webhook,
        place: webhook_cursor.Place,
        *,
        source: Source[One],
        caller: Caller,
        clock: Clock,
        host: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`host`: our name. `chance`: a number in [0, 1) that picks a wait within its jitter."""
        self.name = webhook.name
        self.oldest: float | None = None
        """When the first event that the receiver has not taken happened; None: there is none."""
        self.given_up = False
        self.requests: Counter[str] = Counter()
        """By what came of them; who reports them takes them away."""
        self.events = 0
        """That the receiver took; the same."""
        self._webhook = webhook
        self._source = source
        self._caller = caller
        self._clock = clock
        self._host = host
        self._chance = chance
        self._last = self._noted = place.last
        self._noted_at = clock.monotonic()
        self._failing_since = place.failing_since
        self._commits = -1
        self._trouble = ""
        self._next_try: float | None = None

    def standing(self) -> Standing:
        """As it is now."""
        since, hook = self._failing_since, self._webhook
        return Standing(hook.name, hook.url, self.oldest, since, self._trouble, self._next_try, self.given_up)

    async def run(self) -> None:
        """Tell what there is and what comes."""
        while True:
            try:
                await self._step()
            except StoreError as error:
                log.warning("webhook_waits", webhook=self.name, error=error)
                await self._clock.sleep(REST)
            except Exception as error:  # a mistake of ours must neither end mail nor stop this one silently
                log.error("failure", where="webhook", webhook=self.name, error=repr(error))
                await self._clock.sleep(REST)

    async def _step(self) -> None:
        """Tell one batch, or wait for news."""
        commits = self._source.commits
        page = await self._source.follow(self._last, self._webhook.events, self._webhook.batch)
        if page.lost:
            self._say_lost(page.lost)
            self._last += page.lost
        if page.lines:
            await self._tell(page.lines)
            await self._source.taken(self.name, page.seen)
            self._note(page.seen)
            self.oldest = None
        self._last = page.seen
        await self._pass_over()
        waiting = not page.more
        while waiting:  # once at least: what happens within a second is told together
            await self._clock.sleep(POLL)
            await self._pass_over()
            waiting = self._source.commits == commits

    async def _pass_over(self) -> None:
        """Write down, now and then, that rows which are no news for the receiver need not be looked at again."""
        far = self._last - self._noted >= WINDOW
        if far or (self._last > self._noted and self._clock.monotonic() - self._noted_at >= NOTE):
            await self._source.passed(self.name, self._last)
            self._note(self._last)

    def _note(self, last: int) -> None:
        self._noted, self._noted_at = last, self._clock.monotonic()

    async def _tell(self, lines: Sequence[One]) -> None:
        """Return once the receiver has taken these."""
        self.oldest = lines[0].at
        body = self._source.body(lines, self._host)
        tries = 0
        while True:
            answer = await self._caller.post(body, self._clock.time())
            metrics.WEBHOOK_REQUESTS.labels(self.name, answer.result).inc()
            self.requests[answer.result] += 1
            if answer.taken:
                break
            tries += 1
            await self._failed(answer, tries)
        metrics.WEBHOOK_EVENTS.labels(self.name).inc(len(lines))
        self.events += len(lines)
        if self._failing_since:
            log.info("webhook_well_again", webhook=self.name, after=self._clock.time() - self._failing_since)
            self._failing_since = 0.0
        self._trouble = ""

    async def _failed(self, answer: Answer, tries: int) -> None:
        """Wait until it is to be tried again, perhaps for ever."""
        now = self._clock.time()
        if not self._failing_since:
            self._failing_since = now
            await self._source.failing(self.name, now)
        if answer.status == GONE or now - self._failing_since >= self._webhook.lifetime:
            await self._give_up(answer)
        steps = self._webhook.retry
        wait = steps[min(tries, len(steps)) - 1] * (1 + JITTER * (2 * self._chance() - 1))
        wait = max(wait, min(answer.asked_wait(now), MAX_ASKED))
        log.warning("webhook_failed", webhook=self.name, reason=answer.words, tries=tries, next=wait)
        self._trouble, self._next_try = answer.words, now + wait
        await self._clock.sleep(wait)
        self._next_try = None

    async def _give_up(self, answer: Answer) -> None:
        self.given_up = True
        log.error(
            "webhook_given_up",
            webhook=self.name,
            reason=answer.words,
            failing=self._clock.time() - self._failing_since,
            remedy="see to the receiver, then reload; until then events stay in the journal, for "
            "queue.journal_retention at most",
        )
        await asyncio.get_running_loop().create_future()

    def _say_lost(self, rows: int) -> None:
        metrics.WEBHOOK_LOST.labels(self.name).inc(rows)
        log.error(
            "webhook_events_lost",
            webhook=self.name,
            rows=rows,
            remedy="they were not taken within queue.journal_retention; the journal has forgotten them",
        )
