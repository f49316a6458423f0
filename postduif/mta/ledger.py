"""Write down what became of recipients: journal, removal or retry, and the notice to the sender, in one transaction.

Outcomes are gathered while those before them are being written. What the disk refuses is kept and offered again until
it is taken: a message that was delivered is not sent again while this process lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from postduif import log
from postduif.attempt import Kind
from postduif.bounce.report import Fact, compose, wanted
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.envelope import Envelope, Message, Notify
from postduif.errors import StoreError, StoreFull
from postduif.mta.metrics import DSNS
from postduif.mta.observed import note
from postduif.mta.suppressions import Suppressions
from postduif.queue.change import Task
from postduif.queue.store import Outcome, Store
from postduif.queue.stores import Stores

RETRY = 1.0  # seconds between tries to record what the disk refused
TRIES = 3
"""After so many on a disk that is well, outcomes are recorded one by one."""
_GIVEN_UP = (Kind.FAILED, Kind.EXPIRED, Kind.SUPPRESSED)


class Ledger:
    """The way from outcomes to the queue file."""

    def __init__(
        self,
        config: Callable[[], Config],
        store: Stores,
        suppressions: Suppressions,
        clock: Clock,
        deferred: Callable[[float], None],
    ) -> None:
        """`deferred` is told when the earliest of what was just put off is tried again, seconds since the epoch."""
        self._deferred = deferred
        self._config = config
        self._store = store
        self._suppressions = suppressions
        self._clock = clock
        self._gathered: dict[Store, list[Outcome]] = {}
        self._relayed: set[int] = set()
        self._writing: dict[Store, asyncio.Task[None]] = {}
        """For each file a task of its own: one that is broken keeps no other waiting."""

    def record(self, outcomes: list[Outcome], *, relayed: bool = False) -> None:
        """Take outcomes; they reach the disk soon, whatever it takes. `relayed`: the peer knows no DSN (RFC 3461)."""
        if not outcomes:
            return
        for one in outcomes:
            store = self._store.of(one.entry.envelope.stream)
            self._gathered.setdefault(store, []).append(one)
            if store not in self._writing:
                self._writing[store] = asyncio.create_task(self._write_all(store))
        if relayed:
            taken = (one.entry.recipient for one in outcomes if one.attempt.kind is Kind.DELIVERED)
            self._relayed.update(recipient.id for recipient in taken if recipient.notify)
        for one in outcomes:
            note(one)

    async def settled(self, patience: float) -> None:
        """Wait until everything taken so far is on disk, but no longer than `patience` seconds.

        What is not on disk then, or when nothing can be stored any more, is tried again by the next daemon: a second
        copy goes out.
        """
        if not self._writing:
            return
        died = asyncio.create_task(self._store.died())
        all_written = asyncio.gather(*self._writing.values(), return_exceptions=True)
        await asyncio.wait((all_written, died), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if self._writing:
            log.error("outcomes_not_recorded", gathered=sum(map(len, self._gathered.values())))
            all_written.cancel()

    async def _write_all(self, store: Store) -> None:
        """What gathers while one transaction is under way goes into the next."""
        try:
            while outcomes := self._gathered.pop(store, None):
                try:
                    await self._write(store, outcomes)
                except Exception as error:  # a mistake of ours: the next outcomes are recorded all the same
                    log.error("failure", where="ledger", outcomes=len(outcomes), error=repr(error))
        finally:
            del self._writing[store]

    async def _write(self, store: Store, outcomes: list[Outcome]) -> None:
        """With notices and what follows for the list of addresses, which are in the main file.

        For a mailing these come first, in a transaction of their own, and are learned at once: after a crash in
        between the recipient is tried again, and refused.
        """
        notices = await self._notices(outcomes)
        listing = self._suppressions.task(outcomes)
        tasks = (listing,) if listing else ()
        if store is self._store.main:
            await self._settle(store, outcomes, notices, tasks)
        else:
            if notices or tasks:
                await self._settle(self._store.main, [], notices, tasks)
            await self._settle(store, outcomes, (), ())
        if dues := [one.due for one in outcomes if one.due is not None]:
            self._deferred(min(dues))

    async def _settle(
        self, store: Store, outcomes: list[Outcome], notices: Sequence[tuple[Envelope, Message]], tasks: Sequence[Task]
    ) -> None:
        tries = 0
        while True:
            try:
                results = await store.settle(outcomes, notices, tasks)
            except StoreError as error:
                tries += 1
                if tries >= TRIES and store.healthy and not isinstance(error, StoreFull) and outcomes:
                    await self._apart(store, outcomes, error)
                    return
                log.error("outcomes_wait", error=error, outcomes=len(outcomes), retry_in=RETRY)
                await self._clock.sleep(RETRY)
                continue
            break
        for changes in results:
            self._suppressions.learn(changes)

    async def _apart(self, store: Store, outcomes: list[Outcome], error: StoreError) -> None:
        """The disk is well, and these are refused all the same: one of them is bad, and must not keep the others."""
        if len(outcomes) > 1:
            for one in outcomes:
                await self._write(store, [one])
            return
        entry = outcomes[0].entry
        log.error("outcome_set_aside", id=entry.envelope.id, to=entry.recipient.address, error=error)

    async def _notices(self, outcomes: Iterable[Outcome]) -> list[tuple[Envelope, Message]]:
        """One notice per message and action that its sender wants to hear of."""
        told = [(one, action) for one in outcomes if (action := self._action(one))]
        notices: list[tuple[Envelope, Message]] = []
        for (_, action), group in groupby(told, key=lambda pair: (pair[0].entry.envelope.id, pair[1])):
            members = [one for one, _ in group]
            envelope = members[0].entry.envelope
            facts = [
                Fact(one.entry.recipient, action, one.attempt, envelope.expires_at if one.due else None)
                for one in members
            ]
            try:
                notice = await self._notice(envelope, facts)
            except Exception as error:  # a mistake of ours: what became of the mail is recorded all the same
                log.error("failure", where="notice", id=envelope.id, error=repr(error))
                continue
            if notice is not None:
                notices.append(notice)
                DSNS.labels(action).inc()
        return notices

    async def _notice(self, envelope: Envelope, facts: list[Fact]) -> tuple[Envelope, Message] | None:
        try:
            message = await self._store.content(envelope)
        except StoreError as error:
            # The sender hears of the failure even when the mail itself cannot be read any more.
            log.error("content_unreadable", id=envelope.id, error=error)
            message = Message(b"")
        config = self._config()
        return compose(
            envelope,
            facts,
            message,
            hostname=config.server.hostname,
            settings=config.dsn,
            now=self._clock.time(),
            lifetime=config.delivery.lifetime,
        )

    def _action(self, outcome: Outcome) -> str:
        """The RFC 3464 action to tell the sender about, or ""."""
        entry, kind = outcome.entry, outcome.attempt.kind
        if kind is Kind.DELIVERED:
            relayed = entry.recipient.id in self._relayed and Notify.SUCCESS in entry.recipient.notify
            self._relayed.discard(entry.recipient.id)
            action = "relayed" if relayed else ""
        elif kind in (Kind.DEFERRED, Kind.AMBIGUOUS):
            action = "delayed" if self._delay_passes(outcome) else ""
        else:
            action = "failed" if kind in _GIVEN_UP else ""
        return action if action and wanted(entry.envelope, entry.recipient, action) else ""

    def _delay_passes(self, outcome: Outcome) -> bool:
        """The moment of the delay notice lies between this attempt and the next; so it is said once.

        After the last attempt comes the end, and a notice of that.
        """
        envelope, due = outcome.entry.envelope, outcome.due
        if due is None or due > envelope.expires_at:
            return False
        return outcome.entry.recipient.due < envelope.received_at + self._config().dsn.delay_after <= due
