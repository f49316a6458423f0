"""The suppression list on disk, changed."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.bounce.address_state import VALID, Cause, Event, Standing, State, What, after, over, type_of
from postduif.bounce.subject import erased
from postduif.bounce.suppression import MAX_TEXT, TIDY_CHUNK, erase, tidy
from postduif.bounce.suppression_file import Wanted, hashed_otherwise, history, listing, lookup, patterns, prepare
from tests.bounce.lists import DAY, DEFAULTS, NOW, SECRET, a_list, event, happen, standings, subject, written

BOB, EVE = "bob@example.com", "eve@example.com"


def test_prepare_again() -> None:
    """The tables are made once; what is in them stays, and a transaction of the caller's is not ended."""
    connection = a_list()
    happen(connection, event(BOB, What.HARD))
    connection.execute("BEGIN")
    prepare(connection)
    assert connection.in_transaction
    assert len(standings(connection)) == 1


def test_batch() -> None:
    """A batch has its effect in order and reports the difference; what does not change anything is not written."""
    connection = a_list()
    changes = happen(
        connection,
        event(BOB, What.HARD, source="smtp", evidence="550 5.1.1 unknown"),
        event(EVE, What.SOFT, source="smtp", evidence="452 4.2.2 full"),
        event("ann@example.com", What.DELIVERED),
        event("ann@example.com", What.BLOCK),
        event("joe@example.com", What.SOFT),
        event("joe@example.com", What.RELEASE, reason="asked"),
    )
    assert [(one.subject, one.before, one.after.standing) for one in changes] == [
        (BOB, VALID, Standing.QUARANTINED),
        (EVE, VALID, Standing.WITH_ERRORS),
    ]
    assert standings(connection) == {(BOB, ""): Standing.QUARANTINED, (EVE, ""): Standing.WITH_ERRORS}
    assert happen(connection, event(BOB, What.HARD, 1)) == []
    assert [one.event for one in history(connection, BOB, SECRET, 10)] == ["hard"]
    assert [one.event for one in history(connection, "joe@example.com", SECRET, 10)] == ["release", "soft"]


def test_statements() -> None:
    """A batch takes four statements at most, however many events it has; one that changes nothing takes one."""
    connection = a_list()
    happen(connection, *(event(f"{number}@example.com", What.SOFT) for number in range(100)))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    kinds = [What.HARD, What.RELEASE, What.COMPLAINT]
    happen(connection, *(event(f"{number}@example.com", kinds[number % 3], 1, reason="asked") for number in range(300)))
    assert len(statements) == 4
    statements.clear()
    happen(connection, *(event(f"{number}@example.com", What.DELIVERED, 1) for number in range(1000, 1300)))
    assert len(statements) == 1


def test_transaction() -> None:
    """What the caller rolls back has not happened."""
    connection = a_list()
    connection.execute("BEGIN IMMEDIATE")
    happen(connection, event(BOB, What.COMPLAINT))
    connection.execute("ROLLBACK")
    assert standings(connection) == {}
    assert history(connection, BOB, SECRET, 10) == []


def test_round_trip() -> None:
    """What is on file is what the event said: times, errors, and texts that are hostile."""
    connection = a_list()
    hostile = "550 \ud800 \0 '); DROP TABLE suppression; -- \x1b[31m é" + "x" * 1000
    at = NOW + 0.123456789
    happen(connection, Event(BOB, What.SOFT, at, "smtp", hostile))
    happen(connection, Event(BOB, What.SOFT, at + DAY, "smtp", hostile))
    ((entry,),) = lookup(connection, [BOB], SECRET).values()
    kept = hostile[:MAX_TEXT].replace("\ud800", "?").replace("\0", "?")
    times = (round(at, 4), round(at + DAY, 4))
    assert entry.state == State(Standing.WITH_ERRORS, "", "smtp", kept, "", times[0], times[1] + 10 * DAY, times)


def test_types() -> None:
    """Unsubscribes from several types are kept beside each other and beside the address's own standing."""
    connection = a_list()
    happen(
        connection,
        event(BOB, What.UNSUBSCRIBE, type="news", source="one-click"),
        event(BOB, What.UNSUBSCRIBE, type="offers"),
        event(BOB, What.HARD),
        event(BOB, What.RELEASE, type="news", reason="he subscribed again"),
    )
    assert standings(connection) == {(BOB, ""): Standing.QUARANTINED, (BOB, "offers"): Standing.SUPPRESSED}
    (latest, *_) = history(connection, BOB, SECRET, 10)
    assert (latest.event, latest.type, latest.cause, latest.was, latest.became, latest.reason) == (
        "release",
        "news",
        "unsubscribe",
        "suppressed",
        "valid",
        "he subscribed again",
    )


def test_lapse_is_written_down() -> None:
    """An event after the end of a quarantine finds the address valid, and both steps are in the history."""
    connection = a_list()
    happen(connection, event(BOB, What.ENTRY, cause=Cause.MAILBOX_FULL, reason="from a list"))
    assert happen(connection, event(BOB, What.SOFT, 29)) == []
    (change,) = happen(connection, event(BOB, What.SOFT, 31))
    assert (change.before.standing, change.after.standing) == (Standing.QUARANTINED, Standing.WITH_ERRORS)
    steps = [(one.event, one.was, one.became) for one in history(connection, BOB, SECRET, 10)]
    assert steps == [
        ("soft", "valid", "with_errors"),
        ("lapse", "quarantined", "valid"),
        ("entry", "valid", "quarantined"),
    ]


def test_tidy() -> None:
    """What has lapsed is let go and the old history forgotten, a chunk at a time; what is in force stays."""
    connection = a_list()
    happen(connection, *(event(f"{number}@example.com", What.SOFT) for number in range(TIDY_CHUNK + 10)))
    happen(connection, event(BOB, What.HARD), event(EVE, What.ENTRY, cause=Cause.MAILBOX_FULL))
    assert tidy(connection, NOW + 5 * DAY, 1000 * DAY) == ([], 0)
    first = tidy(connection, NOW + 11 * DAY, 1000 * DAY)
    second = tidy(connection, NOW + 11 * DAY, 1000 * DAY)
    assert (len(first.changes), first.more, len(second.changes), second.more) == (TIDY_CHUNK, True, 10, False)
    assert {one.after for one in first.changes} == {VALID}
    assert standings(connection) == {(BOB, ""): Standing.QUARANTINED, (EVE, ""): Standing.QUARANTINED}
    assert [one.subject for one in tidy(connection, NOW + 30 * DAY, 1000 * DAY).changes] == [EVE]
    forgotten = 0
    while (done := tidy(connection, NOW + 2000 * DAY, 1000 * DAY)).more:
        forgotten += done.forgotten
    assert forgotten + done.forgotten == 2 * (TIDY_CHUNK + 10) + 3
    assert standings(connection) == {(BOB, ""): Standing.QUARANTINED}


def test_erased() -> None:
    """Of an erased person nothing readable is left, and he is refused all the same, whatever comes later."""
    connection = a_list()
    happen(
        connection,
        event(BOB, What.SOFT, source="smtp", evidence="452 bob's mailbox is full"),
        event(BOB, What.UNSUBSCRIBE, type="news", reason="bob"),
        event("*@bobs.example", What.ENTRY, reason="a pattern"),
    )
    changes = erase(connection, [BOB, "*@bobs.example", BOB], NOW + DAY, "asked by letter", SECRET)
    hashed = erased(BOB, SECRET)
    assert [(one.subject, one.type, one.after.standing) for one in changes] == [
        (BOB, "", Standing.VALID),
        (BOB, "news", Standing.VALID),
        (hashed, "", Standing.SUPPRESSED),
    ]
    assert erase(connection, [BOB, hashed], NOW + DAY, "again", SECRET) == []
    assert happen(connection, event(BOB, What.SOFT, 2, evidence="bob"), event(BOB, What.COMPLAINT, 2)) == []
    happen(connection, event(BOB, What.UNSUBSCRIBE, 2, type="offers", evidence="bob", source="bob"))
    assert not [row for row in connection.iterdump() if "bob@" in row.lower() or "bob's" in row or "'bob'" in row]
    ((entry, _),) = lookup(connection, [BOB], SECRET).values()
    assert (entry.subject, entry.state.standing, entry.state.cause) == (hashed, Standing.SUPPRESSED, "erased")
    assert [one.event for one in history(connection, BOB, SECRET, 10)] == [
        "unsubscribe",
        "entry",
        "unsubscribe",
        "soft",
    ]
    assert lookup(connection, [BOB], b"another key" * 2) == {}
    assert hashed_otherwise(connection, SECRET) == 0
    assert hashed_otherwise(connection, b"another key" * 2) == 1
    (change,) = happen(connection, event(BOB, What.RELEASE, 3, reason="a mistake"))
    assert change.subject == hashed


def test_lookup() -> None:
    """Each subject has its own entries; what has none is left out."""
    connection = a_list()
    happen(connection, event(BOB, What.HARD), event(BOB, What.UNSUBSCRIBE), event("*@bad.example", What.ENTRY))
    found = lookup(connection, [BOB, EVE, "*@bad.example"], SECRET)
    assert {subject: [one.type for one in entries] for subject, entries in found.items()} == {
        BOB: ["", "*"],
        "*@bad.example": [""],
    }
    assert patterns(connection) == ["*@bad.example"]


def test_a_mailbox_named_star() -> None:
    """A mailbox whose name is a star is no pattern."""
    connection = a_list()
    happen(connection, event('"*"@example.com', What.HARD))
    assert patterns(connection) == []
    assert set(lookup(connection, [subject('"*"@example.com')], SECRET)) == {"\\*@example.com"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["*@x.example", "ann@x.example", "ann@x.example news", "bob@example.com", "eve@sub.x.example"]),
        (Wanted(standing="refusing"), ["*@x.example", "ann@x.example news", "bob@example.com", "eve@sub.x.example"]),
        (Wanted(standing="with_errors"), ["ann@x.example"]),
        (Wanted(standing="quarantined"), ["bob@example.com"]),
        (Wanted(text="SUB.x"), ["eve@sub.x.example"]),
        (Wanted(cause="manual"), ["*@x.example"]),
        (Wanted(type="news"), ["ann@x.example news"]),
        (Wanted(domain="X.example"), ["*@x.example", "ann@x.example", "ann@x.example news"]),
        (Wanted(domain="x.example", cause="manual", standing="suppressed"), ["*@x.example"]),
        (Wanted(domain="x_example"), []),
    ],
)
def test_listing(wanted: Wanted, found: list[str]) -> None:
    """Every condition that is given must be true; pages of any size make up the same list."""
    connection = a_list()
    happen(
        connection,
        event("ann@x.example", What.SOFT),
        event("ann@x.example", What.UNSUBSCRIBE, type="news"),
        event("eve@sub.x.example", What.COMPLAINT),
        event("bob@example.com", What.HARD),
        event("*@x.example", What.ENTRY),
    )
    for limit in (1, 2, 10):
        seen, after_ = [], ("", "")
        while page := listing(connection, wanted, after_, limit):
            seen += [f"{one.subject} {one.type}".strip() for one in page]
            after_ = (page[-1].subject, page[-1].type)
        assert seen == found


EVENTS = st.builds(
    event,
    st.sampled_from([BOB, "BOB@Example.com", EVE, "*@bad.example"]),
    st.sampled_from(What),
    st.floats(0, 60).map(lambda day: round(day, 3)),
    type=st.sampled_from(["", "news", "offers"]),
    cause=st.sampled_from([cause for cause in Cause if cause is not Cause.ERASED]),
    reason=st.sampled_from(["", "because"]),
)


@settings(deadline=None)
@given(st.lists(st.lists(EVENTS, max_size=6), max_size=6))
def test_file_follows_the_rules(batches: list[list[Event]]) -> None:
    """However events are cut into batches, the file holds what the rules make of them, and the history every step."""
    connection, model = a_list(), dict[tuple[str, str], State]()
    for batch in batches:
        happen(connection, *batch)
        for one in batch:
            key = (one.subject, type_of(one))
            before = model.get(key, VALID)
            if over(before, one.at):
                before = VALID
            model[key] = after(before, one._replace(at=round(one.at, 4)), DEFAULTS)
    kept = {key: state for key, state in model.items() if state != VALID}
    assert {(one.subject, one.type): one.state for one in listing(connection, Wanted(), ("", ""), 100)} == kept
    steps: dict[tuple[str, str], str] = {}
    for subject_, type_, was, became in written(
        connection, "SELECT subject, type, was, became FROM suppression_history ORDER BY id"
    ):
        assert steps.get((subject_, type_), "valid") == was
        steps[subject_, type_] = became
    assert {key: became for key, became in steps.items() if became != "valid"} == {
        key: state.standing.value for key, state in kept.items()
    }


def test_indexes_are_used() -> None:
    """What runs for each batch or each minute never reads the whole table."""
    connection = a_list()
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    happen(connection, event(BOB, What.HARD))
    tidy(connection, NOW, DAY)
    erase(connection, [BOB], NOW, "", SECRET)
    patterns(connection)
    history(connection, BOB, SECRET, 1)
    connection.set_trace_callback(None)
    assert len(seen) > 8
    for query in seen:
        plan = [detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
        assert not [step for step in plan if step.startswith("SCAN suppression") and "USING" not in step], (query, plan)


def test_foreign_connection() -> None:
    """A connection with Python's own transactions works as well."""
    connection = sqlite3.connect(":memory:")
    prepare(connection)
    happen(connection, event(BOB, What.HARD))
    connection.rollback()
    assert standings(connection) == {}
    connection.close()
