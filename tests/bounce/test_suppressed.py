"""The index in memory: a no is certain."""

from __future__ import annotations

import sqlite3
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.address import parse
from postduif.bounce.address_state import Cause, Event, What, refusing
from postduif.bounce.suppressed import Suppressed
from postduif.bounce.suppression import erase
from postduif.bounce.suppression_file import index_page, lookup
from tests.bounce.lists import DAY, NOW, SECRET, a_list, event, happen

PEOPLE = ["bob@example.com", "eve@bad.example", "info@x.example", "ann@sub.bad.example", '"*"@example.com']
EVENTS = st.builds(
    event,
    st.sampled_from([*PEOPLE, "*@bad.example", "*@*.bad.example", "info@*", "e*@*"]),
    st.sampled_from(What),
    st.floats(0, 60),
    type=st.sampled_from(["", "news"]),
    cause=st.sampled_from([Cause.MANUAL, Cause.MAILBOX_FULL, Cause.UNSUBSCRIBE]),
    reason=st.sampled_from(["", "because"]),
)


def loaded(connection: sqlite3.Connection, limit: int = 3) -> Suppressed:
    """What a start reads, by pages."""
    index, after = Suppressed(SECRET), ("", "")
    while True:
        page = index_page(connection, after, limit)
        index.load(page)
        if page.next is None:
            return index
        after = page.next


@settings(deadline=None, max_examples=50)
@given(st.lists(EVENTS, max_size=20), st.sets(st.sampled_from(PEOPLE)))
def test_no_is_certain(events: list[Event], erased: set[str]) -> None:
    """Whoever is refused on disk is suspected in memory, by the running index and by one loaded anew."""
    connection, running = a_list(), Suppressed(SECRET)
    for one in events:
        running.update(happen(connection, one))
    subjects = [event(person, What.HARD).subject for person in erased]
    running.update(erase(connection, subjects, NOW, "asked", SECRET))
    fresh = loaded(connection)
    now = NOW + 61 * DAY
    for person in PEOPLE:
        address = parse(person)
        seen = []
        for index in (fresh, running):
            found = lookup(connection, index.suspects(address), SECRET)
            entries = [entry for entries in found.values() for entry in entries]
            seen.append(refusing(entries, "news", now))
            assert refusing(entries, "", now) == refusing([one for one in entries if one.type == ""], "", now)
        assert seen[0] == seen[1]
        own = event(person, What.HARD).subject
        everything = lookup(connection, [own, *fresh.suspects(address)], SECRET)
        assert refusing([one for many in everything.values() for one in many], "news", now) == seen[0]
        if person in erased:
            assert seen[0] is not None
        assert fresh.has_errors(address) == any(
            one.state.errors and not one.state.standing.refuses for one in everything.get(own, [])
        )
        assert running.has_errors(address) == fresh.has_errors(address)


def test_nobody() -> None:
    """With an empty list nobody is suspected and nothing is looked up."""
    index = loaded(a_list())
    assert len(index) == 0
    assert list(index.suspects(parse("bob@example.com"))) == []


def test_erased_is_suspected() -> None:
    """An erased person is suspected though his address is nowhere."""
    connection = a_list()
    erase(connection, ["bob@example.com"], NOW, "asked", SECRET)
    index = loaded(connection)
    assert len(index) == 1
    assert list(index.suspects(parse("BOB@Example.com"))) == ["bob@example.com"]
    assert list(index.suspects(parse("eve@example.com"))) == []


def test_a_pattern_that_keeps_an_entry() -> None:
    """Who lets go of a pattern for one type of mail has not let go of it for the others."""
    connection, index = a_list(), Suppressed(SECRET)
    pattern = "*@bad.example"
    index.update(happen(connection, event(pattern, What.ENTRY, reason="closed")))
    index.update(happen(connection, event(pattern, What.UNSUBSCRIBE, type="news")))
    index.update(happen(connection, event(pattern, What.RELEASE, type="news", reason="asked")))
    assert list(index.suspects(parse("eve@bad.example"))) == [pattern]


def test_a_page_at_a_time() -> None:
    """Pages of any size bring all in, once."""
    connection = a_list()
    happen(connection, *(event(f"{number}@example.com", What.HARD) for number in range(50)))
    happen(connection, *(event(f"{number}@example.com", What.UNSUBSCRIBE, type="news") for number in range(50)))
    for limit in (1, 7, 50, 100, 1000):
        assert len(loaded(connection, limit)) == 50


def test_speed() -> None:
    """Asking costs next to nothing, with 5,000 on the list, erased people and patterns."""
    connection = a_list()
    happen(connection, *(event(f"{number}@example.com", What.HARD) for number in range(5000)))
    erase(connection, ["gone@example.com"], NOW, "asked", SECRET)
    index = loaded(connection, 5000)
    addresses = [parse(f"{number}@example.org") for number in range(1000)]
    started = time.process_time()
    for address in addresses * 10:
        assert not index.suspects(address)
    assert time.process_time() - started < 0.5  # measured: 0.02 on an idle machine
