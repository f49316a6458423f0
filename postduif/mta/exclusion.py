"""Keeps mail from those who are on the suppression list: looked at when it is leased, taken out when they get there.

What is refused ends with an outcome of its own, in the journal and, as with any failure, for its sender.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

from postduif import log
from postduif.attempt import Attempt, Kind
from postduif.bounce.subject import of_address
from postduif.clock import Clock
from postduif.envelope import Entry
from postduif.errors import StoreError
from postduif.mta.ledger import Ledger
from postduif.mta.route import Route
from postduif.mta.sites import Destination
from postduif.mta.suppressions import Suppressions
from postduif.queue.store import Outcome, Store
from postduif.reply import Reply

CHUNK = 1000  # recipients of one look through the queue
PAUSE = 0.5  # seconds between looks through the queue: what gathers meanwhile goes into the next
_LISTED = Reply(550, "5.7.1", "the recipient is on the suppression list")


class Exclusion:
    """Methods are called on the event loop's thread."""

    def __init__(
        self,
        store: Store,
        suppressions: Suppressions,
        ledger: Ledger,
        clock: Clock,
        routes: Mapping[Destination, Route],
        spawn: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """On `routes` there is what is in memory, ready to go; `spawn` runs what takes time."""
        self._store = store
        self._suppressions = suppressions
        self._ledger = ledger
        self._clock = clock
        self._routes = routes
        self._spawn = spawn
        self._refused: set[str] = set()
        suppressions.on_refused = self._refuse

    def suspects(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that must be looked up (`allowed`) before they may go. Touches no disk."""
        suspect = self._suppressions.suspect
        return [entry for entry in entries if suspect(entry.recipient.address)]

    async def allowed(self, suspects: Sequence[Entry]) -> list[Entry]:
        """Those of them that may go; the others get their end. Raises StoreError; then their leases have ended."""
        try:
            refusals = await self._suppressions.refusals(entry.recipient.address for entry in suspects)
        except StoreError:
            self._store.release(suspects)
            raise
        refused = [entry for entry in suspects if entry.recipient.address in refusals]
        self._end((entry, refusals[entry.recipient.address]) for entry in refused)
        return [entry for entry in suspects if entry.recipient.address not in refusals]

    def _refuse(self, subjects: Iterable[str]) -> None:
        if not self._refused:
            self._spawn(self._take_out_all())
        self._refused.update(subjects)

    async def _take_out_all(self) -> None:
        """End what waits for those who were refused, and for those who are meanwhile."""
        while self._refused:
            subjects = set(self._refused)
            try:
                await self._take_out(subjects)
                self._refused -= subjects
            except StoreError as error:
                log.error("suppressed mail still queued", error=error, remedy="it is looked for again")
            await self._clock.sleep(PAUSE)

    async def _take_out(self, subjects: set[str]) -> None:
        for route in self._routes.values():
            listed = route.ready.take_out(lambda entry: of_address(entry.recipient.address) in subjects)
            self._end((entry, _LISTED) for entry in listed)
        while entries := await self._store.lease_of(subjects, CHUNK):
            # An address has one subject and may be written in other ways; the list has the last word.
            self._store.release(await self.allowed(entries))

    def _end(self, refused: Iterable[tuple[Entry, Reply]]) -> None:
        now = self._clock.time()
        self._ledger.record(
            [
                Outcome(entry, Attempt(Kind.SUPPRESSED, reply, now, category="suppressed"), None)
                for entry, reply in refused
            ]
        )
