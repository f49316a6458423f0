"""What the queue should hold, in the plainest way: a dictionary. The stateful test compares the store with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.envelope import Entry, Envelope
from postduif.queue.scheduled import QueueKey


@dataclass(eq=False)
class Stop:
    """A hold. `key`: of whole scheduled queues, "" is any; None: of recipients."""

    owner: str
    until: float | None
    key: tuple[str, str] | None = None

    def covers(self, key: QueueKey) -> bool:
        """That scheduled queue is held as a whole."""
        return self.key is not None and self.key[0] in ("", key.stream) and self.key[1] in ("", key.domain)


class Row(NamedTuple):
    """What the journal says of one end or attempt."""

    message: int
    recipient: str
    kind: str
    attempt: int
    at: float


@dataclass(eq=False)
class Known:
    """One recipient in the queue."""

    id: int
    envelope: Envelope
    address: str
    key: QueueKey
    due: float
    attempts: int = 0
    said: str = ""
    stop: Stop | None = None
    withdrawn: bool = False
    leased: Entry | None = None

    @property
    def free(self) -> bool:
        """Neither held one by one, nor withdrawn, nor leased."""
        return not (self.stop or self.withdrawn or self.leased)

    def row(self, kind: Kind, at: float, attempt: int) -> Row:
        """A journal row about it."""
        return Row(self.envelope.id, self.address, kind.value, attempt, at)


@dataclass
class Model:
    """The queue as it should be."""

    known: dict[int, Known] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)

    def arrive(self, envelope: Envelope) -> None:
        """A message is in."""
        for one in envelope.recipients:
            assert one.id not in self.known
            key = QueueKey(envelope.stream, one.address.domain)
            self.known[one.id] = Known(one.id, envelope, str(one.address), key, one.due)

    def held_whole(self, key: QueueKey) -> bool:
        """That scheduled queue is held as a whole."""
        return any(stop.covers(key) for stop in self.stops)

    def held(self, known: Known) -> bool:
        """One by one, or with its scheduled queue."""
        return known.stop is not None or self.held_whole(known.key)

    def leasable(self, now: float) -> list[Known]:
        """What may be leased, in the order it is."""
        found = [k for k in self.known.values() if k.free and k.due <= now and not self.held(k)]
        return sorted(found, key=lambda one: (one.due, one.id))

    def leased(self) -> list[Known]:
        """In order of their ids."""
        return [known for _, known in sorted(self.known.items()) if known.leased]

    def meant(self, means: Callable[[Model, Known], bool]) -> list[Known]:
        """Those that an operator's condition chooses: never what is withdrawn."""
        return [known for known in self.known.values() if not known.withdrawn and means(self, known)]

    def settle(self, known: Known, kind: Kind, at: float, due: float | None, said: str) -> None:
        """An attempt has ended."""
        self.journal.append(known.row(kind, at, known.attempts + (kind is not Kind.EXPIRED)))
        known.leased = None
        if due is not None and not known.withdrawn:
            known.due, known.said = due, said
            known.attempts += 1
            return
        if due is not None:
            self.journal.append(known.row(Kind.WITHDRAWN, at, known.attempts))
        del self.known[known.id]

    def withdraw(self, now: float) -> None:
        """Whatever is withdrawn and not leased leaves."""
        for known in [one for _, one in sorted(self.known.items()) if one.withdrawn and not one.leased]:
            self.journal.append(known.row(Kind.WITHDRAWN, now, known.attempts))
            del self.known[known.id]

    def lift(self, stops: Iterable[Stop]) -> None:
        """Holds that are no more."""
        gone = set(stops)
        self.stops = [stop for stop in self.stops if stop not in gone]
        for known in self.known.values():
            if known.stop in gone:
                known.stop = None

    def tidy(self, now: float, retention: float) -> None:
        """What the store does each minute."""
        self.lift([stop for stop in self.stops if stop.until is not None and stop.until <= now])
        self.withdraw(now)
        self.journal = [row for row in self.journal if row.at >= now - retention]

    def forget_leases(self) -> None:
        """The daemon is gone."""
        for known in self.known.values():
            known.leased = None
