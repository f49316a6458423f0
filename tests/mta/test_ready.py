"""The ready queue of a Route: priority, turns, and one batch for one message."""

from __future__ import annotations

from postduif.address import Address
from postduif.envelope import Entry, Envelope, Recipient
from postduif.mta.ready import Ready
from postduif.queue.scheduled import QueueKey

BULK, SMALL, ALERT = QueueKey("bulk", "a"), QueueKey("small", "a"), QueueKey("alert", "a")


def entry(message: int, name: str = "r") -> Entry:
    """One leased recipient of a message."""
    return Entry(Envelope(Address("s", "x"), id=message), Recipient(Address(name, "a"), id=message))


def order(ready: Ready) -> list[int]:
    """The ids of all messages in the order in which they leave."""
    return [batch.envelope.id for batch in ready.drain()]


def test_queues_take_turns() -> None:
    """A small queue is not behind a large one of the same priority."""
    ready = Ready(100)
    ready.add(BULK, 50, [entry(number) for number in (1, 2, 3, 4)])
    ready.add(SMALL, 50, [entry(number) for number in (11, 12)])
    assert order(ready) == [1, 11, 2, 12, 3, 4]


def test_priority_overtakes() -> None:
    """A stream of higher priority leaves first, also when it came last."""
    ready = Ready(100)
    ready.add(BULK, 10, [entry(1), entry(2)])
    assert ready.take() is not None
    ready.add(ALERT, 90, [entry(9)])
    assert order(ready) == [9, 2]


def test_one_message_is_one_batch() -> None:
    """Recipients of a message leave in one transaction, across scheduled queues, up to the limit."""
    ready = Ready(3)
    ready.add(BULK, 50, [entry(1, "a"), entry(1, "b")])
    ready.add(SMALL, 50, [entry(1, "c"), entry(1, "d")])
    assert len(ready) == 2
    assert ready.recipients == 4
    assert [len(batch.entries) for batch in ready.drain()] == [3, 1]
    assert ready.recipients == len(ready) == 0


def test_what_is_put_back_is_next() -> None:
    """A batch that was not tried keeps its place."""
    ready = Ready(100)
    ready.add(BULK, 50, [entry(1), entry(2)])
    taken = ready.take()
    assert taken is not None
    ready.put_back(*taken)
    assert order(ready) == [1, 2]


def test_a_taken_batch_grows_no_more() -> None:
    """A recipient that comes after its message's batch was taken waits in a batch of its own."""
    ready = Ready(100)
    ready.add(BULK, 50, [entry(1, "a")])
    taken = ready.take()
    ready.add(BULK, 50, [entry(1, "b")])
    assert taken is not None
    assert len(taken[2].entries) == 1
    assert len(ready) == 1


def test_what_is_too_old_is_taken_out() -> None:
    """Entries past their lifetime leave the ready queue, the others keep their order."""
    ready = Ready(100)
    entries = [entry(number) for number in (1, 2, 3)]
    for one, expires_at in zip(entries, (10.0, 30.0, 20.0), strict=True):
        one.envelope.expires_at = expires_at
    ready.add(BULK, 50, entries)
    assert [one.envelope.id for one in ready.take_out(lambda entry: entry.envelope.expires_at <= 20.0)] == [1, 3]
    assert ready.recipients == len(ready) == 1
    assert order(ready) == [2]
