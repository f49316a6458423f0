"""What is kept of requests with a key."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.mta.injection import kept_keys
from postduif.mta.injection.kept_keys import Kept, Key, Part

KEY, OTHER = Key("shop", "one"), Key("other", "one")
REFUSAL = {"item": 3, "address": "x@@y", "code": "bad_address", "field": "address", "detail": "no"}


@pytest.fixture
def connection() -> sqlite3.Connection:
    """A file with the tables."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    kept_keys.prepare(made)
    kept_keys.prepare(made)  # as at every start
    return made


def test_parts_add_up(connection: sqlite3.Connection) -> None:
    """A request is read as it was noted, part by part; another user's request of the same key is another."""
    kept_keys.note(connection, KEY, b"1", 1001, 0, 100.0, 0, Part(7, 1000, []))
    kept_keys.note(connection, OTHER, b"9", 2, 1, 100.0, 0, Part(9, 1, []))
    kept_keys.note(connection, KEY, b"2", 1500, 1, 101.0, 1, Part(8, 498, [REFUSAL]))
    assert kept_keys.read(connection, KEY, 0) == Kept(b"2", 1500, True, [Part(7, 1000, []), Part(8, 498, [REFUSAL])])
    assert kept_keys.read(connection, OTHER, 0) == Kept(b"9", 2, True, [Part(9, 1, [])])
    assert kept_keys.read(connection, Key("shop", "two"), 0) is None
    connection.close()


def test_erased(connection: sqlite3.Connection) -> None:
    """Who is erased is in no refusal any more, nor what was said of them; others stay, and so do the codes.

    Requests without refusals are not gone through: the queue's writer does it.
    """
    others = [REFUSAL, REFUSAL | {"address": "jan@one.example"}]
    theirs = [REFUSAL | {"address": "An@One.example"}, REFUSAL | {"address": "", "detail": "no <an@one.example>."}]
    kept_keys.note(connection, KEY, b"1", 9, 1, 100.0, 0, Part(7, 5, [*others, *theirs]))
    kept_keys.note(connection, OTHER, b"1", 9, 1, 100.0, 0, Part(7, 5, others))
    ran: list[str] = []
    connection.set_trace_callback(ran.append)
    kept_keys.blank(connection, ["an@one.example"])
    connection.set_trace_callback(None)
    (asked,) = [one for one in ran if one.startswith("SELECT")]
    assert "injection_refused" in str(connection.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall())
    blank = REFUSAL | {"address": "", "detail": "erased"}
    for key, left in ((KEY, [*others, blank, blank]), (OTHER, others)):
        kept = kept_keys.read(connection, key, 0)
        assert kept is not None
        assert kept.parts[0].refusals == left
    connection.close()


def test_old_ones_go(connection: sqlite3.Connection) -> None:
    """What is too old is not read, begins anew, and goes, some at a time."""
    for number in range(kept_keys.FORGOTTEN_AT_ONCE + 5):
        kept_keys.note(connection, Key("shop", str(number)), b"", 1, 1, float(number), 0, Part(7, 1, []))
    assert kept_keys.read(connection, Key("shop", "3"), 4.0) is None
    kept_keys.note(connection, Key("shop", "3"), b"new", 1, 1, 1000.0, 0, Part(8, 1, []))
    assert kept_keys.read(connection, Key("shop", "3"), 4.0) == Kept(b"new", 1, True, [Part(8, 1, [])])
    kept_keys.forget(connection, 999.0)
    for table in kept_keys.TABLES:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (5,)
    kept_keys.forget(connection, 999.0)
    for table in kept_keys.TABLES:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
    connection.close()
