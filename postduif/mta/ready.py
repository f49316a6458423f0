"""What a Route has in memory, ready to go: batches by scheduled queue, taken in turn. Pure.

Of two queues with different priority the higher goes first; queues of one priority take turns, one batch each, so that
a large mailing cannot starve a small one. Recipients of one message wait in one batch and leave in one transaction.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from postduif.envelope import Entry, Envelope
from postduif.queue.scheduled import QueueKey


class Batch:
    """Recipients of one message that may share a transaction: what is merged for each is for each alone."""

    __slots__ = ("avoid", "entries", "envelope")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.entries: list[Entry] = []
        self.avoid: frozenset[str] = frozenset()
        """Hosts that closed the connection on it before any verdict."""


class Ready:
    """The ready queue of one Route. `max_recipients` bounds a batch."""

    def __init__(self, max_recipients: int) -> None:
        self.max_recipients = max_recipients
        self._lanes: dict[int, OrderedDict[QueueKey, deque[Batch]]] = {}
        self._priorities: list[int] = []
        self._open: dict[int, Batch] = {}
        self._batches = 0
        self.recipients = 0

    def __len__(self) -> int:
        """Batches waiting."""
        return self._batches

    def add(self, key: QueueKey, priority: int, entries: Iterable[Entry]) -> None:
        """Append leased entries of one scheduled queue."""
        for entry in entries:
            self.recipients += 1
            batch = self._open.get(entry.envelope.id)
            if batch is not None and len(batch.entries) < self.max_recipients and not entry.recipient.merge:
                batch.entries.append(entry)
                continue
            batch = Batch(entry.envelope)
            batch.entries.append(entry)
            self._open[entry.envelope.id] = batch
            self._lane(key, priority).append(batch)
            self._batches += 1

    def put_back(self, key: QueueKey, priority: int, batch: Batch) -> None:
        """Return a batch that was taken and not tried, to be the next of its queue."""
        self._lane(key, priority).appendleft(batch)
        self._batches += 1
        self.recipients += len(batch.entries)

    def take(self) -> tuple[QueueKey, int, Batch] | None:
        """The next batch, with where it came from; None when nothing is ready."""
        for priority in self._priorities:
            lanes = self._lanes[priority]
            if not lanes:
                continue
            key, lane = next(iter(lanes.items()))
            batch = lane.popleft()
            if lane:
                lanes.move_to_end(key)
            else:
                del lanes[key]
            self._batches -= 1
            self.recipients -= len(batch.entries)
            if self._open.get(batch.envelope.id) is batch:
                del self._open[batch.envelope.id]
            return key, priority, batch
        return None

    def take_out(self, meant: Callable[[Entry], bool]) -> list[Entry]:
        """Take out the entries that are meant, wherever they stand."""
        out: list[Entry] = []
        for lanes in self._lanes.values():
            for key, batches in list(lanes.items()):
                for batch in batches:
                    leaving = [entry for entry in batch.entries if meant(entry)]
                    out += leaving
                    batch.entries = [entry for entry in batch.entries if entry not in leaving]
                self._drop_empty(lanes, key)
        self.recipients -= len(out)
        return out

    def _drop_empty(self, lanes: OrderedDict[QueueKey, deque[Batch]], key: QueueKey) -> None:
        for batch in [batch for batch in lanes[key] if not batch.entries]:
            lanes[key].remove(batch)
            self._batches -= 1
            if self._open.get(batch.envelope.id) is batch:
                del self._open[batch.envelope.id]
        if not lanes[key]:
            del lanes[key]

    def drain(self) -> list[Batch]:
        """Everything, taken out."""
        taken = []
        while (one := self.take()) is not None:
            taken.append(one[2])
        return taken

    def _lane(self, key: QueueKey, priority: int) -> deque[Batch]:
        lanes = self._lanes.get(priority)
        if lanes is None:
            lanes = self._lanes[priority] = OrderedDict()
            self._priorities = sorted(self._lanes, reverse=True)
        lane = lanes.get(key)
        if lane is None:
            lane = lanes[key] = deque()
        return lane
