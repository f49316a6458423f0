"""Which blocks of ids are worth reading for what has expired."""

from __future__ import annotations

import math

from postduif.queue.lifetimes import Lifetimes, first_of, last_of


def test_a_block_is_read_when_its_first_message_expires() -> None:
    """The earliest expiry counts, in whatever order messages came."""
    lifetimes = Lifetimes()
    for id_, expires_at in ((5, 100.0), (6, 50.0), (7, 70.0), (first_of(3), 60.0)):
        lifetimes.note(id_, expires_at)
    assert lifetimes.past(49.9) == []
    assert lifetimes.past(50.0) == [0]
    assert lifetimes.past(60.0) == [0, 3]


def test_what_comes_while_a_block_is_read_is_not_forgotten() -> None:
    """After a read the block has the earlier of what was found and what was noted meanwhile."""
    lifetimes = Lifetimes()
    lifetimes.note(5, 50.0)
    assert lifetimes.begin(0) == 50.0
    lifetimes.note(6, 55.0)
    lifetimes.end(0, 90.0)
    assert lifetimes.past(55.0) == [0]
    assert lifetimes.begin(0) == 55.0
    lifetimes.end(0, math.inf)
    assert lifetimes.past(1e12) == []


def test_blocks_follow_each_other() -> None:
    """Every id is in one block."""
    assert last_of(2) + 1 == first_of(3)
