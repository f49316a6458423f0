"""Room for leases, and who waits for it."""

from __future__ import annotations

from postduif.queue.room import SHARE, Room


def test_as_many_are_told_as_can_use_it() -> None:
    """With room for two shares two are told, in the order in which they found none; the others wait on."""
    room: Room[str] = Room(10 * SHARE)
    room.taken = room.size
    for key in "abc":
        assert room.wanted(key) == 0
    assert room.to_tell() == []
    room.taken -= 2 * SHARE
    assert room.to_tell() == ["a", "b"]
    room.taken += 2 * SHARE - 1
    assert room.to_tell() == ["c"]
    assert room.to_tell() == []


def test_promises_count() -> None:
    """What is promised to a read is nobody else's, and is free again when the read has ended."""
    room: Room[str] = Room(100)
    room.promised += 60
    room.taken += 30
    assert room.left() == room.wanted("a") == 10
    room.promised -= 60
    assert room.left() == 70
    assert room.to_tell() == []


def test_there_is_never_less_than_none() -> None:
    """More may be taken than there was room for: there is none left then, not less."""
    room: Room[str] = Room(10)
    room.taken = 12
    assert room.left() == 0
