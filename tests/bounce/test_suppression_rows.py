"""One line of a list as people keep it."""

from __future__ import annotations

import pytest

from postduif.bounce.address_state import VALID, Cause, Entry, Event, What, after
from postduif.bounce.subject import erased
from postduif.bounce.suppression_rows import COLUMNS, event_of, row_of
from postduif.errors import AddressError
from tests.bounce.lists import DAY, DEFAULTS, NOW, SECRET, event


@pytest.mark.parametrize("cause", Cause)
def test_round_trip(cause: Cause) -> None:
    """What is on file comes back as the same entry, of every cause."""
    text = erased("bob@example.com", SECRET) if cause is Cause.ERASED else '"odd one"@example.com'
    type_ = "news" if cause is Cause.UNSUBSCRIBE else ""
    one = event(text, What.ENTRY, cause=cause, source="dsn", evidence="550 no", reason="because", type=type_)
    row = row_of(Entry(one.subject, type_, after(VALID, one, DEFAULTS)))
    assert tuple(row) == COLUMNS
    assert row["at"] == "2027-01-15T08:00:00.000Z"
    assert event_of(row, NOW, SECRET) == one


def test_left_out() -> None:
    """An address with a reason is a manual entry, now."""
    assert event_of({"address": " Bob@Example.com ", "reason": "asked"}, NOW, SECRET) == Event(
        "bob@example.com", What.ENTRY, NOW, reason="asked", cause=Cause.MANUAL
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2027-01-15", NOW - 8 * 3600),
        ("2027-01-15 09:00:00+01:00", NOW),
        ("2027-01-15T08:00:00", NOW),
        ("1800000000.5", NOW + 0.5),
        ("0", 0.0),
    ],
)
def test_times(text: str, at: float) -> None:
    """Times are ISO 8601, in UTC unless they say otherwise, or seconds since the epoch."""
    assert event_of({"address": "bob@example.com", "at": text, "cause": "hard_bounce"}, NOW, SECRET).at == at


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"address": "bob"}, "no domain"),
        ({}, "no domain"),
        ({"cause": "", "reason": " "}, "no reason; say why"),
        ({"cause": "bounced"}, "'bounced' is no cause; write one of hard_bounce, "),
        ({"at": "yesterday"}, "'yesterday' is no time; write it as 2026-"),
        ({"at": "9" * 400}, "lies in the future"),
        ({"at": "2099-01-01"}, "lies in the future; correct it"),
        ({"at": "1066-10-14"}, "is before 1970"),
        ({"type": "news"}, "only an unsubscribe has a type"),
        ({"cause": "erased"}, "a hash and the cause erased belong together"),
        ({"address": erased("a@b.example", SECRET)}, "a hash and the cause erased belong together"),
        ({"address": erased("a@b.example", b"x" * 32), "cause": "erased"}, "made with another key"),
    ],
)
def test_wrong(row: dict[str, str], words: str) -> None:
    """What is wrong with a line is said, with the remedy."""
    with pytest.raises((ValueError, AddressError), match=words):
        event_of({"address": "bob@example.com", "cause": "hard_bounce"} | row if row else row, NOW + DAY, SECRET)
