"""The memory of the queue, alone: what it does when reads of the disk cross what happens meanwhile."""

from __future__ import annotations

import dataclasses
import math

import pytest

from postduif.envelope import Entry, Envelope
from postduif.queue.bodies import Bodies
from postduif.queue.lookup import Found
from postduif.queue.roster import WITHDRAWN, Roster
from postduif.queue.scheduled import QueueKey, ScheduledQueue
from tests.queue.mail import KEY, addresses, envelope, message

NOW = 1000.0


class Disk:
    """A roster, and what would be on the disk behind it."""

    def __init__(self, max_entries: int = 100) -> None:
        self.roster = Roster(max_entries, Bodies(10_000))
        self.called: list[QueueKey] = []
        self.roster.on_due = self.called.append
        self.queue: ScheduledQueue = self.roster.queue(KEY)
        self._id = 0

    def put(self, name: str, due: float = NOW, now: float = NOW) -> Entry:
        """A message to one recipient is committed; returns it as a read would bring it."""
        mail: Envelope = envelope(f"{name}@example.com")
        self._id += 1
        mail.id = self._id
        mail.recipients[0].id, mail.recipients[0].due = self._id << 24, due
        self.queue.arriving += 1
        self.roster.arrived(mail, message(), now)
        return Entry(dataclasses.replace(mail, recipients=[]), mail.recipients[0])

    def found(self, *entries: Entry, next_due: float = math.inf) -> Found:
        """The answer of a read."""
        return Found(list(entries), frozenset(), next_due)


def test_a_read_does_not_bring_back_what_was_settled_meanwhile() -> None:
    """An entry leased before the read and gone before its answer is not leased from that answer."""
    disk = Disk()
    entry = disk.put("a")
    assert disk.roster.lease_fresh(disk.queue, 1, NOW) == [entry]
    with disk.roster.reading(disk.queue, NOW, 10):
        disk.roster.settled(entry, None)
        assert disk.roster.lease_found(disk.queue, disk.found(entry), 10) == []
    assert (disk.queue.total, disk.queue.leased, disk.queue.gone) == (0, 0, None)


def test_a_sweep_does_not_bring_back_what_was_settled_meanwhile() -> None:
    """The same for a read for expired recipients."""
    disk = Disk()
    entry = disk.put("a")
    disk.roster.lease_fresh(disk.queue, 1, NOW)
    with disk.roster.sweeping(10, lambda entry: entry.envelope.expires_at <= NOW) as left:
        disk.roster.settled(entry, None)
        assert disk.roster.lease_swept(disk.found(entry), left, 10) == []


def test_a_read_does_not_bring_what_was_held_meanwhile() -> None:
    """An entry held before the answer came is not leased, and one leased by the answer is recalled by the hold."""
    disk = Disk(max_entries=0)
    one, two = disk.put("a"), disk.put("b")
    disk.roster.room.size = 10
    with disk.roster.reading(disk.queue, NOW, 10):
        disk.roster.held([(one.recipient.id, disk.queue.row, True)], 7)
        assert disk.roster.lease_found(disk.queue, disk.found(one, two), 10) == [two]
    disk.roster.held([(two.recipient.id, disk.queue.row, True)], 7)
    assert disk.roster.recalled == {two.recipient.id: 7}
    assert disk.queue.held == 2


def test_mail_that_comes_during_a_read_is_not_forgotten() -> None:
    """What is committed while a read is under way is due afterwards, whether the read saw it or not."""
    disk = Disk()
    with disk.roster.reading(disk.queue, NOW, 10):
        disk.put("new")
        assert disk.roster.lease_fresh(disk.queue, 1, NOW) == []
        assert disk.roster.lease_found(disk.queue, disk.found(), 10) == []
    assert disk.roster.index.due(NOW) == [KEY]
    assert disk.called == [KEY]


def test_what_comes_due_again_during_a_read_is_not_forgotten() -> None:
    """Deferred, released or let go while a read is under way, an entry is due afterwards."""
    disk = Disk()
    one, two, three = disk.put("a"), disk.put("b"), disk.put("c")
    disk.roster.lease_fresh(disk.queue, 3, NOW)
    disk.roster.held([(three.recipient.id, disk.queue.row, True)], 7)
    disk.roster.release([three], NOW)
    for entry, change in (
        (one, lambda: disk.roster.settled(one, NOW - 2)),
        (two, lambda: disk.roster.release([two], NOW)),
        (three, lambda: disk.roster.freed([(three.recipient.id, disk.queue.row, NOW)], NOW)),
    ):
        with disk.roster.reading(disk.queue, NOW, 10):
            change()
            disk.roster.lease_found(disk.queue, disk.found(entry), 10)
        assert disk.queue.next_due <= NOW
        disk.queue.next_due = math.inf
    assert disk.queue.leased == 0


def test_what_leaves_memory_is_looked_for_from_the_oldest_on() -> None:
    """When fresh entries are left to the disk, the next read begins at the oldest of them."""
    disk = Disk()
    old = disk.put("old", due=NOW - 50)
    disk.put("young")
    disk.roster.is_held = lambda key: True
    disk.roster.hold_whole()
    assert disk.queue.next_due == old.recipient.due
    assert disk.roster.entries == {}
    assert disk.roster.index.due(NOW) == []
    disk.roster.is_held = lambda key: False
    disk.roster.hold_whole()
    assert disk.called == [KEY]
    assert disk.roster.index.due(NOW) == [KEY]


def test_what_a_lease_did_not_take_is_looked_for_again() -> None:
    """An answer longer than the limit leaves the next due time at the first that was not taken."""
    disk = Disk(max_entries=0)
    entries = [disk.put(name, due=NOW + number) for number, name in enumerate("abc")]
    disk.roster.room.size = 1
    with disk.roster.reading(disk.queue, NOW + 5, 1):
        taken = disk.roster.lease_found(disk.queue, disk.found(*entries), 1)
    assert addresses(taken) == ["a@example.com"]
    assert disk.queue.next_due == NOW + 1


def test_what_reads_may_bring_is_counted_before_it_comes() -> None:
    """While a read for all the room is under way there is none for others; who waits is told when it has ended."""
    disk = Disk(max_entries=10)
    with disk.roster.reading(disk.queue, NOW, 10):
        assert disk.roster.room.wanted(QueueKey("default", "other.example")) == 0
    assert disk.called == [QueueKey("default", "other.example")]
    assert disk.roster.room.left() == 10


def test_a_read_that_failed_changes_nothing() -> None:
    """An error or a cancellation puts the next due time back."""
    disk = Disk(max_entries=0)
    disk.put("a")

    def fail() -> None:
        with disk.roster.reading(disk.queue, NOW, 10) as since:
            assert since == NOW
            assert disk.queue.next_due == math.inf
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert disk.queue.next_due == NOW
    assert disk.roster.index.due(NOW) == [KEY]


def test_given_back_into_a_held_queue_an_entry_waits_on_disk() -> None:
    """A lease that ends after its scheduled queue was held does not stay in memory."""
    disk = Disk()
    entry = disk.put("a")
    disk.roster.lease_fresh(disk.queue, 1, NOW)
    disk.roster.is_held = lambda key: True
    disk.roster.hold_whole()
    disk.roster.release([entry], NOW)
    assert disk.roster.entries == {}
    assert disk.queue.next_due == NOW
    assert disk.roster.index.due(NOW) == []


def test_what_is_given_back_twice_counts_once() -> None:
    """Releasing what is not leased does nothing."""
    disk = Disk()
    entry = disk.put("a")
    disk.roster.lease_fresh(disk.queue, 1, NOW)
    disk.roster.settled(entry, NOW + 60)
    assert disk.roster.release([entry], NOW) == []
    assert (disk.queue.leased, disk.roster.room.taken, disk.queue.total) == (0, 0, 1)


def test_withdrawn_leases_are_named_when_they_end() -> None:
    """release and settled say which recipients are now to be removed."""
    disk = Disk()
    one, two = disk.put("a"), disk.put("b")
    disk.roster.lease_fresh(disk.queue, 2, NOW)
    disk.roster.held([(e.recipient.id, disk.queue.row, True) for e in (one, two)], WITHDRAWN)
    assert disk.roster.release([one], NOW) == [one.recipient.id]
    assert disk.roster.settled(two, NOW + 60)
    assert disk.roster.index.due(NOW + 100) == []


def test_fresh_entries_stay_in_order_whatever_they_were_due() -> None:
    """An entry with an older due time than the last goes before it."""
    disk = Disk()
    disk.put("b")
    disk.put("a", due=NOW - 1)
    disk.put("c")
    assert addresses(disk.roster.lease_fresh(disk.queue, 9, NOW)) == [f"{n}@example.com" for n in "abc"]


def test_bodies_are_kept_as_long_as_somebody_in_memory_needs_them() -> None:
    """The content goes with the last entry of its message."""
    disk = Disk()
    entry = disk.put("a")
    assert disk.roster.bodies.get(entry.envelope.id) == message()
    disk.roster.lease_fresh(disk.queue, 1, NOW)
    assert disk.roster.bodies.get(entry.envelope.id) == message()
    disk.roster.settled(entry, None)
    assert disk.roster.bodies.get(entry.envelope.id) is None
    assert disk.roster.bodies.octets == 0
