"""The durable queue: put, lease, settle. What `put` has returned is on disk and survives kill -9 and a power cut.

Promises: an entry leaves only in the transaction that records its outcome; what is leased is never leased again until
the lease ends; leases live in memory, so that after a crash everything unsettled is due again: a recipient may get a
second copy then, never none. Memory stays bounded however much waits. Who may send what, and where to, is left to
others. Methods are called on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from postduif import log
from postduif.attempt import Attempt, Kind
from postduif.clock import Clock
from postduif.config.schema import Queue
from postduif.envelope import Entry, Envelope, Message
from postduif.errors import StoreError, StoreFull
from postduif.queue import lookup, recovery, rows, upkeep
from postduif.queue.bodies import Bodies
from postduif.queue.change import Change, Task
from postduif.queue.condition import Condition
from postduif.queue.disk import DiskWatch
from postduif.queue.extension import Extension
from postduif.queue.holds import Hold, Holds
from postduif.queue.lifetimes import Lifetimes
from postduif.queue.orders import Orders
from postduif.queue.questions import Questions
from postduif.queue.reader import Reader
from postduif.queue.roster import WITHDRAWN
from postduif.queue.scheduled import QueueKey, ScheduledQueue
from postduif.queue.writer import Writer
from postduif.reply import Reply

T = TypeVar("T")


class Outcome(NamedTuple):
    """What became of a leased entry."""

    entry: Entry
    attempt: Attempt
    due: float | None
    """Tried again then, seconds since the epoch; None: the recipient leaves the queue."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures for metrics, since the start."""

    queued: int
    leased: int
    commits: int
    errors: int
    disk_free: int


class Store:
    """See the module. Made by `open`."""

    def __init__(self, opened: recovery.Opened, settings: Queue, clock: Clock) -> None:
        self._lock = opened.lock
        self._settings = settings
        self._clock = clock
        self._disk = DiskWatch(opened.path.parent, settings.disk_reserve, clock)
        self._bodies = Bodies(settings.max_body_memory)
        self._roster = opened.roster(settings.max_leased, self._bodies)
        self._roster.on_due = self._call
        self._next_id = opened.next_id
        self._writer = Writer(opened.path, opened.next_id, opened.lock.descriptor)
        self._reader = Reader(opened.path, "queue-reader")
        self._slow_reader = Reader(opened.path, "queue-listing")
        self._holds = Holds(opened.holds)
        self._roster.is_held = self._holds.cover
        self._roster.hold_whole()
        self._orders = Orders(self._slow_reader, self._writer, self._roster, self._holds, clock)
        self._lifetimes = Lifetimes()
        self.questions = Questions(self._slow_reader, self._roster, clock)
        self._closed = False
        self.on_due: Callable[[QueueKey], None] = lambda key: None
        """Called when a scheduled queue gets something leasable: put, release, retry, unhold, room in memory."""

    @classmethod
    def open(cls, data_dir: Path, settings: Queue, clock: Clock, extensions: Sequence[Extension] = ()) -> Store:
        """Lock the directory, check the file, count what waits. Blocks. Raises StoreError with the remedy."""
        return cls(recovery.open_queue(data_dir, clock, extensions), settings, clock)

    # --- figures

    @property
    def full(self) -> bool:
        """The disk reserve is reached: new mail is refused, deliveries go on."""
        return self._disk.full

    @property
    def healthy(self) -> bool:
        """The last transaction did not meet a broken disk or file."""
        return not self._writer.trouble

    @property
    def trouble(self) -> str:
        """What is wrong when it is not healthy."""
        return self._writer.trouble

    async def died(self) -> None:
        """Returns when nothing can be stored any more: the daemon must start again."""
        await self._writer.dead.wait()

    @property
    def stats(self) -> Stats:
        """Figures for metrics."""
        return Stats(
            self._roster.queued, self._roster.room.taken, self._writer.commits, self._writer.errors, self._disk.free
        )

    def observe_commits(self, observe: Callable[[float], None]) -> None:
        """Have `observe` told the seconds each transaction takes, fsync included."""
        self._writer.observe_commit = observe

    # --- the road

    def next_id(self) -> int:
        """An id for a message that is about to be put; it is never given again. Its header may name it."""
        self._next_id += 1
        return self._next_id - 1

    async def put(self, envelope: Envelope, message: Message, tasks: Sequence[Task] = ()) -> int:
        """Store a message, run `tasks`, in one transaction; returns its id once it is on disk. Keeps the recipients.

        Sets the ids, the size if it is 0, and the due times that are 0 (to now). Raises StoreFull below the disk
        reserve and StoreError on other failures. Cancelled, the message may be on disk all the same.
        """
        if self._disk.full:
            raise StoreFull("the disk reserve is reached")
        change = Change()
        change.tasks += tasks
        self._add(change, envelope, message)
        await self._writer.submit(
            change, committed=lambda _: self._arrived(envelope, message), failed=lambda: self._roster.missed(envelope)
        )
        return envelope.id

    async def settle(
        self,
        outcomes: Sequence[Outcome],
        notices: Sequence[tuple[Envelope, Message]] = (),
        tasks: Sequence[Task] = (),
    ) -> list[Any]:
        """Record what became of leased entries, store `notices`, run `tasks`, in one transaction; it ends the leases.

        Returns the results of the tasks. Raises StoreError or StoreFull, nothing is recorded then: the leases go on.
        """
        change = Change()
        change.tasks += tasks
        leased = {one.entry.recipient.id: one for one in outcomes if one.entry.recipient.id in self._roster.entries}
        if len(leased) < len(outcomes):  # a mistake of ours: what has its end gets no second one
            log.error("failure", where="settle", twice=len(outcomes) - len(leased))
        ends = [(outcome.entry, self._settle(change, outcome)) for outcome in leased.values()]
        for envelope, message in notices:
            self._add(change, envelope, message)
        results: list[Any] = await self._writer.submit(
            change,
            committed=lambda _: self._settled(ends, notices),
            failed=lambda: self._missed(notices),
        )
        return results

    async def lease(self, key: QueueKey, limit: int) -> list[Entry]:
        """Up to `limit` entries that are due, oldest first; none that is held. Raises StoreError."""
        queue = self._roster.queues.get(key)
        if queue is None or queue.held_whole or (limit := min(limit, self._roster.room.wanted(key))) <= 0:
            return []
        now = self._clock.time()
        if queue.next_due > now:
            return self._roster.lease_fresh(queue, limit, now)
        known = queue.leased + len(queue.fresh or ())
        with self._roster.reading(queue, now, limit) as since:
            found = await self._reader.call(lookup.read_due, queue.row, since, now, limit, self._roster.entries, known)
            return self._roster.lease_found(queue, found, 0 if queue.held_whole else limit)

    def lease_fresh(self, key: QueueKey, limit: int) -> list[Entry]:
        """What of `lease` needs no disk, at once. [] says nothing about what `lease` would bring."""
        queue = self._roster.queues.get(key)
        if queue is None or queue.fresh is None or queue.held_whole:
            return []
        return self._roster.lease_fresh(queue, min(limit, self._roster.room.wanted(key)), self._clock.time())

    async def lease_expired(self, limit: int, before: float) -> list[Entry]:
        """At most `limit` entries of messages whose `expires_at` is before then, held ones too, the oldest first.

        [] when there are none, or no room in memory. Raises StoreError.
        """
        limit = min(limit, self._roster.room.left())
        if limit <= 0:
            return []
        if not self._lifetimes.loaded:
            for block, earliest in (await self._slow_reader.call(lookup.read_lifetimes)).items():
                self._lifetimes.note_block(block, earliest)
            self._lifetimes.loaded = True
        for block in self._lifetimes.past(before):
            if entries := await self._lease_expired(block, limit, before):
                return entries
        return []

    async def _lease_expired(self, block: int, limit: int, before: float) -> list[Entry]:
        earliest, taken = self._lifetimes.begin(block), self._roster.entries
        try:
            with self._roster.sweeping(limit, lambda entry: entry.envelope.expires_at <= before) as left:
                found = await self._reader.call(lookup.read_expired, block, before, limit, taken, len(taken))
                earliest = found.next_due
                return self._roster.lease_swept(found, left, limit)
        finally:
            self._lifetimes.end(block, earliest)

    @property
    def room(self) -> int:
        """How many more may be leased."""
        return max(self._roster.room.left(), 0)

    async def lease_of(self, addresses: Iterable[str], limit: int) -> list[Entry]:
        """At most `limit` entries to one of these addresses, in any case, due or not, held ones too. Raises StoreError.

        What is leased already is not among them. Reads through the whole queue: for some addresses at a time.
        """
        asked = {address.lower() for address in addresses}
        limit = min(limit, self._roster.room.left())
        if limit <= 0 or not self._roster.queued:
            return []
        taken = self._roster.entries
        with self._roster.sweeping(limit, lambda entry: str(entry.recipient.address).lower() in asked) as left:
            found = await self._slow_reader.call(lookup.read_of, list(asked), limit, taken, len(taken))
            return self._roster.lease_swept(found, left, limit)

    def release(self, entries: Iterable[Entry]) -> None:
        """Give leases back untried. What has been withdrawn meanwhile leaves the queue."""
        if withdrawn := self._roster.release(entries, self._clock.time()):
            self._withdraw(withdrawn)

    def recalled(self, entry: Entry) -> bool:
        """A leased entry, or its scheduled queue, was held or withdrawn since: give it back rather than begin."""
        recalled = entry.recipient.id in self._roster.recalled
        return recalled or self.covers(QueueKey(entry.envelope.stream, entry.recipient.address.domain))

    def covers(self, key: QueueKey) -> bool:
        """That scheduled queue is held as a whole, or would be if it were here."""
        return len(self._holds) > 0 and self._holds.cover(key)

    async def content(self, message_id: int) -> Message:
        """The message's content, from memory or disk. Raises StoreError, also when it is not in the queue."""
        message = self._bodies.get(message_id)
        if message is None:
            message = await self._reader.call_first(lookup.read_content, message_id)
            self._bodies.keep(message_id, message)
        return message

    def due(self, now: float) -> list[QueueKey]:
        """The scheduled queues with something leasable at `now`."""
        return self._roster.index.due(now)

    def came_due(self, now: float) -> list[QueueKey]:
        """Those of `due` that became due since this or `due` was asked last."""
        return self._roster.index.came_due(now)

    def waits_on_disk(self, key: QueueKey) -> bool:
        """Something of it that is due is on disk alone, so that only `lease` gets it."""
        queue = self._roster.queues.get(key)
        return queue is not None and not queue.held_whole and queue.next_due <= self._clock.time()

    def next_due(self) -> float | None:
        """When `due` next gets longer by waiting, seconds since the epoch; None: not at all."""
        return self._roster.index.next()

    def scheduled_queues(self) -> Iterable[ScheduledQueue]:
        """Those that there are, to be looked at."""
        return self._roster.queues.values()

    # --- what operators do; see `orders`

    async def hold(self, condition: Condition, owner: str, reason: str, until: float | None = None) -> int:
        """Stop recipients, or scheduled queues with what comes later; returns how many recipients that stops."""
        return await self._orders.hold(condition, owner, reason, until)

    async def unhold(self, condition: Condition) -> int:
        """Let held recipients go; returns how many."""
        return await self._orders.unhold(condition)

    async def retry(self, condition: Condition) -> int:
        """Make recipients due now; returns how many."""
        return await self._orders.retry(condition)

    async def delete(self, condition: Condition, reason: str = "") -> int:
        """Withdraw recipients; returns how many."""
        return await self._orders.delete(condition, reason)

    async def end_hold(self, hold: Hold) -> None:
        """Let go all that is held by it."""
        await self._orders.end(hold)

    def holds(self) -> list[Hold]:
        """The holds in force."""
        return list(self._holds)

    def do(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Change what others keep in the file (see `Extension`), in a transaction. Raises StoreError.

        `function(connection, *arguments)` stands at the top of a module: it runs in the writer's process.
        """
        return self._writer.call(function, *arguments)

    # --- upkeep

    async def tidy(self) -> None:
        """Lift holds whose time is over, forget the journal beyond its retention, and scheduled queues that are empty.

        To be called every minute or so. Raises StoreError.
        """
        await upkeep.tidy(self._writer, self._roster, self._orders, self._clock, self._settings.journal_retention)

    async def close(self) -> None:
        """Commit what was handed over, end threads and process, give the lock back."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._end_readers)
        await self._writer.close()  # last: the last connection that can write empties the write-ahead log
        self._lock.release()

    # --- inside

    def _call(self, key: QueueKey) -> None:
        self.on_due(key)

    def _end_readers(self) -> None:
        self._reader.close()
        self._slow_reader.close()

    def _add(self, change: Change, envelope: Envelope, message: Message) -> None:
        if not 0 < len(envelope.recipients) <= rows.MAX_RECIPIENTS:
            raise StoreError(f"a message with {len(envelope.recipients)} recipients cannot be stored")
        envelope.id = envelope.id or self.next_id()
        envelope.size = envelope.size or len(message.content)
        envelope.eight_bit = message.eight_bit
        envelope.smtputf8 = message.smtputf8
        first, now = rows.first_recipient(envelope.id), self._clock.time()
        for number, recipient in enumerate(envelope.recipients):
            recipient.id = first + number
            recipient.due = rows.moment(recipient.due or now)
            queue = self._roster.queue(QueueKey(envelope.stream, recipient.address.domain))
            queue.arriving += 1
            if not queue.stored:
                change.queues.append((queue.row, *queue.key))
            change.recipients.append(rows.recipient_row(recipient, queue.row))
        change.messages.append(rows.message_row(envelope))
        change.bodies.append((envelope.id, message.content))
        change.octets += len(message.content)
        change.last_id = max(change.last_id, envelope.id)

    def _arrived(self, envelope: Envelope, message: Message) -> None:
        self._lifetimes.note(envelope.id, envelope.expires_at)
        for key in self._roster.arrived(envelope, message, self._clock.time()):
            self.on_due(key)

    def _settle(self, change: Change, outcome: Outcome) -> float | None:
        """Returns when the entry is tried again; None: it leaves."""
        entry, id_ = outcome.entry, outcome.entry.recipient.id
        change.journal.append(rows.journal_row(entry, outcome.attempt))
        withdrawn = self._roster.recalled.get(id_) == WITHDRAWN
        if outcome.due is not None and not withdrawn:
            due = rows.moment(outcome.due)
            change.deferred.append((id_, due, *rows.reply_columns(outcome.attempt.reply)))
            return due
        if outcome.due is not None:
            end = Attempt(Kind.WITHDRAWN, Reply(0, "", "withdrawn"), outcome.attempt.at)
            change.journal.append(rows.journal_row(entry, end))
        change.removed.append(id_)
        return None

    def _settled(self, ends: list[tuple[Entry, float | None]], notices: Sequence[tuple[Envelope, Message]]) -> None:
        withdrawn = [entry.recipient.id for entry, due in ends if self._roster.settled(entry, due)]
        for envelope, message in notices:
            self._arrived(envelope, message)
        self._roster.feed()
        if withdrawn:
            self._withdraw(withdrawn)

    def _missed(self, notices: Sequence[tuple[Envelope, Message]]) -> None:
        for envelope, _ in notices:
            self._roster.missed(envelope)

    def _withdraw(self, ids: list[int]) -> None:
        self._orders.start_withdrawal(ids, "").add_done_callback(_log_failure)


def _log_failure(future: asyncio.Future[object]) -> None:
    if not future.cancelled() and (error := future.exception()):
        log.error("withdrawal put off", error=error, remedy="it is made again within minutes, or at the next start")
