"""The suppression list on the road: what the door and delivery ask, what outcomes change, and what follows at once.

In memory there is an index (`bounce.suppressed`) that says "no" for certain; "perhaps" is looked up in the queue file.
What changes the list is a task in the transaction that records why. Mail that waits for somebody who is refused from
then on is taken out of the queue within a second, by whoever listens to `on_refused`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from postduif.address import Address
from postduif.attempt import Kind
from postduif.bounce import suppression, suppression_file
from postduif.bounce.address_state import Entry, Event, Thresholds, What, refusing
from postduif.bounce.category import CATEGORIES
from postduif.bounce.classify import classify
from postduif.bounce.effect import effect_of
from postduif.bounce.keyring import ERASURE_KEY_FILE, erasure_key
from postduif.bounce.subject import erased, is_erased, of_address
from postduif.bounce.suppressed import PAGE, Suppressed
from postduif.bounce.suppression import Change
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import ConfigError
from postduif.mta import metrics
from postduif.queue.change import Task
from postduif.queue.store import Outcome, Store
from postduif.reply import Reply

T = TypeVar("T")
_ENDS = (Kind.FAILED, Kind.EXPIRED)
_HIS = ("recipient", "mailbox_full", "domain")
"""Groups of categories that are about one recipient."""


class Suppressions:
    """One per daemon. Methods are called on the event loop's thread. Raises StoreError where it reads or writes."""

    def __init__(self, store: Store, config: Config, secret: bytes, clock: Clock) -> None:
        """`secret` is what erased people are hashed with. `load` comes before anything else."""
        self.secret = secret
        self.on_refused: Callable[[list[str]], None] = lambda addresses: None
        """Told the addresses and patterns (as subjects) that have just become refused, perhaps for some type of mail
        only; of people who were just erased the addresses that they had."""
        self.types_of_mailings: dict[str, str] = {}
        """The type of mail of each mailing that was sent since the start, by its stream."""
        self._store = store
        self._clock = clock
        self._index = Suppressed(secret)
        self.reload(config)

    @classmethod
    async def load(cls, store: Store, config: Config, clock: Clock) -> Suppressions:
        """Read the whole list into the index. Raises ConfigError, StoreError."""
        data_dir = config.server.data_dir
        secret = erasure_key(data_dir)
        if count := await store.questions.ask(suppression_file.hashed_otherwise, secret):
            place = data_dir / ERASURE_KEY_FILE
            raise ConfigError(
                f"{place} is not the key that {count} erased people were hashed with; put the old one back"
            )
        made = cls(store, config, secret, clock)
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            page = await store.questions.ask(suppression_file.index_page, after, PAGE)
            made._index.load(page)
            after = page.next
        metrics.SUPPRESSED.set(len(made._index))
        return made

    def reload(self, config: Config) -> None:
        """Use new settings from the next event on."""
        self._retention = config.bounce.history_retention
        self._types = {stream.name: stream.subscription for stream in config.stream}
        self.thresholds = Thresholds.of(config.bounce)

    def type_of(self, stream: str) -> str:
        """The type of mail that a stream carries; "" is none that one can unsubscribe from."""
        return self._types.get(stream) or self.types_of_mailings.get(stream, "")

    # --- asked

    def suspect(self, address: Address) -> bool:
        """There may be something against it: ask `refusals`. False is certain. Some 2 us."""
        return bool(self._index.suspects(address))

    async def refusals(self, addresses: Iterable[Address], stream: str) -> dict[Address, Reply]:
        """Those who are not to get mail of this stream, each with the verdict on it."""
        asked = {address: self._index.suspects(address) for address in addresses}
        subjects = [subject for suspects in asked.values() for subject in suspects]
        if not subjects:
            return {}
        found = await self._store.questions.ask(suppression_file.lookup, subjects, self.secret)
        now = self._clock.time()
        refused: dict[Address, Reply] = {}
        for address, suspects in asked.items():
            entries = [entry for subject in suspects for entry in found.get(subject, ())]
            if (entry := refusing(entries, self.type_of(stream), now)) is not None:
                refused[address] = verdict(entry)
        return refused

    # --- changed

    def task(self, outcomes: Sequence[Outcome]) -> Task | None:
        """What these outcomes do to the list, for the transaction that settles them. None: nothing."""
        events = [event for one in outcomes if (event := self._event(one)) is not None]
        return self.recording(events) if events else None

    def recording(self, events: Sequence[Event]) -> Task:
        """What lets events have their effect; give its result to `learn`."""
        return Task(suppression.record, (list(events), self.thresholds, self.secret))

    def learn(self, changes: Sequence[Change]) -> None:
        """Take in what a committed task changed, in the order of the commits."""
        self._index.update(changes)
        metrics.SUPPRESSED.set(len(self._index))
        refused = [one for one in changes if one.after.standing.refuses and not one.before.standing.refuses]
        for change in refused:
            metrics.SUPPRESSIONS.labels(change.after.cause).inc()
        named = {one.subject for one in refused}
        if hashes := {subject for subject in named if is_erased(subject)}:
            named |= {one.subject for one in changes if erased(one.subject, self.secret) in hashes}
        if named := named - hashes:
            self.on_refused(list(named))

    async def tidy(self) -> None:
        """Let go what has lapsed, forget the history beyond its retention."""
        while True:
            tidied = await self._store.do(suppression.tidy, self._clock.time(), self._retention)
            self.learn(tidied.changes)
            if not tidied.more:
                return

    # --- for `suppression_operations`

    async def look(self, function: Callable[..., T], *arguments: Any) -> T:
        """Read the list."""
        return await self._store.questions.ask(function, *arguments)

    async def change(self, function: Callable[..., list[Change]], *arguments: Any) -> list[Change]:
        """Change the list."""
        changes = await self._store.do(function, *arguments)
        self.learn(changes)
        return changes

    def _event(self, outcome: Outcome) -> Event | None:
        address, attempt = outcome.entry.recipient.address, outcome.attempt
        if attempt.kind is Kind.DELIVERED:
            if not self._index.has_errors(address):
                return None
            return Event(of_address(address), What.DELIVERED, attempt.at, "smtp")
        if attempt.kind not in _ENDS or (attempt.kind is Kind.EXPIRED and not _about_him(outcome)):
            return None
        what = effect_of(attempt.category, attempt.reply.code)
        return None if what is What.BLOCK else Event(of_address(address), what, attempt.at, "smtp", str(attempt.reply))


def _about_him(outcome: Outcome) -> bool:
    """What was said last of somebody who outlived his lifetime is about his address.

    Which command was answered is not kept. So words that may be about anybody, in answer to MAIL say, are no fault of
    his; nor is it that nothing was tried.
    """
    last = outcome.entry.recipient.last_reply
    return last is not None and CATEGORIES[classify(last, outcome.attempt.site).category].group in _HIS


def verdict(entry: Entry) -> Reply:
    """What the sender of refused mail is told; nothing of what others have said about the recipient."""
    return Reply(550, "5.7.1", f"the recipient is on the suppression list ({entry.state.cause.replace('_', ' ')})")
