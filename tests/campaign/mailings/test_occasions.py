"""Schedules on file, and what their dates do when they come."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import Filter, find, listed, log
from postduif.campaign.mailings.record import Counts, Mailing, State
from postduif.campaign.mailings.schedule import Schedule
from tests.campaign.mailings.records import (
    COUNTS,
    DAILY,
    DAY,
    DRAFT,
    HOUR,
    MINUTE,
    NEWEST,
    NOW,
    ONCE,
    ONCE_AT,
    STREAMS,
    a_draft,
    a_file,
    a_mailing,
    by,
)


def engine(now: float) -> By:
    """What works by itself, at that time."""
    return by("schedule", now)


def scheduled(connection: sqlite3.Connection, when: Schedule = ONCE) -> Mailing:
    """One that is prepared and goes at its time."""
    return occasions.schedule(connection, a_mailing(connection, State.PREPARED), when, by())


def planned(connection: sqlite3.Connection, when: Schedule = ONCE) -> Mailing:
    """One that takes the newest."""
    return occasions.schedule(connection, a_draft(connection, NEWEST), when, by())


def test_scheduled() -> None:
    """What is frozen waits for its time, and goes then."""
    connection = a_file()
    mailing = scheduled(connection)
    assert (mailing.state, mailing.next, mailing.schedule) == (State.SCHEDULED, ONCE_AT, ONCE)
    assert occasions.coming(connection, ONCE_AT - 1) == []
    assert occasions.come_due(connection, mailing, engine(ONCE_AT - 1)) == mailing
    assert occasions.coming(connection, ONCE_AT) == [1]
    mailing = occasions.come_due(connection, mailing, engine(ONCE_AT))
    assert (mailing.state, mailing.next, mailing.schedule) == (State.HANDING_OVER, None, None)
    assert occasions.coming(connection, ONCE_AT) == []


def test_only_one_of_two_engines() -> None:
    """A date comes once, however many look after it."""
    connection = a_file()
    seen = scheduled(connection)
    occasions.come_due(connection, seen, engine(ONCE_AT))
    with pytest.raises(Overtaken):
        occasions.come_due(connection, seen, engine(ONCE_AT))


def test_the_earliest_first() -> None:
    """What was to go first goes first, whatever its number."""
    connection = a_file()
    scheduled(connection, ONCE._replace(start=ONCE.start.replace(hour=10)))
    scheduled(connection)
    assert occasions.coming(connection, ONCE_AT + DAY) == [2, 1]


def test_start_early_edit_and_cancel() -> None:
    """What is scheduled can be sent at once, given another date, or left alone; an edit makes it a draft."""
    connection = a_file()
    later = ONCE._replace(start=ONCE.start.replace(day=25))
    assert running.send(connection, scheduled(connection), by()).state is State.HANDING_OVER
    assert occasions.schedule(connection, scheduled(connection), later, by()).next == ONCE_AT + 3 * DAY
    left = occasions.unschedule(connection, scheduled(connection), by())
    assert (left.state, left.next, left.schedule, left.run.counts) == (State.PREPARED, None, None, COUNTS)
    edited = editing.edit(connection, scheduled(connection), NEWEST, STREAMS, by())
    assert (edited.state, edited.next, edited.schedule) == (State.DRAFT, None, None)


def test_planned() -> None:
    """What takes the newest can be edited until its time, is prepared then, and goes when it is ready."""
    connection = a_file()
    mailing = planned(connection)
    mailing = editing.edit(connection, mailing, NEWEST._replace(name="Newer"), STREAMS, by())
    assert (mailing.state, mailing.next) == (State.PLANNED, ONCE_AT)
    mailing = occasions.come_due(connection, mailing, engine(ONCE_AT + MINUTE))
    assert mailing.state is State.PREPARING
    mailing = running.ready(connection, mailing, COUNTS, engine(ONCE_AT + 2 * HOUR))
    assert mailing.state is State.SCHEDULED
    assert occasions.coming(connection, ONCE_AT + 2 * HOUR) == [1]
    assert occasions.come_due(connection, mailing, engine(ONCE_AT + 2 * HOUR + 9)).state is State.HANDING_OVER


def test_stays_newest() -> None:
    """While it waits for its date it cannot become one that was to be prepared before."""
    connection = a_file()
    with pytest.raises(NotNow, match="or unschedule it first"):
        editing.edit(connection, planned(connection), DRAFT, STREAMS, by())


@pytest.mark.parametrize(
    ("counts", "why"), [(COUNTS._replace(errors=3), "3 of its checks"), (Counts(5, 5), "everybody is excluded")]
)
def test_planned_but_may_not_be_sent(counts: Counts, why: str) -> None:
    """It has failed, says why, keeps what was counted, and forgets its date: it does not go by itself later."""
    connection = a_file()
    mailing = occasions.come_due(connection, planned(connection), engine(ONCE_AT))
    mailing = running.ready(connection, mailing, counts, engine(ONCE_AT))
    assert (mailing.state, mailing.schedule, mailing.run.counts) == (State.FAILED, None, counts)
    assert why in mailing.reason
    mailing = running.ready(connection, running.prepare(connection, mailing, by()), COUNTS, by())
    assert mailing.state is State.PREPARED


@pytest.mark.parametrize(("make", "left"), [(scheduled, State.PREPARED), (planned, State.DRAFT)])
def test_missed(make: type, left: State) -> None:
    """After the grace it does not go any more, and the history says how late it was."""
    connection = a_file()
    mailing = occasions.come_due(connection, make(connection), engine(ONCE_AT + HOUR + MINUTE))
    assert (mailing.state, mailing.schedule) == (left, None)
    assert mailing.reason == "its date, 2026-09-22 07:00 UTC, was missed by 61 minutes; at most 60 are allowed"
    assert log(connection, 1)[-1].action == "miss"


def test_preparing_was_broken_off() -> None:
    """Within the grace it is still to be prepared; after it the date is missed."""
    connection = a_file()
    mailing = occasions.come_due(connection, planned(connection), engine(ONCE_AT))
    assert occasions.skip_missed(connection, mailing, engine(ONCE_AT + HOUR)) == mailing
    late = occasions.skip_missed(connection, mailing, engine(ONCE_AT + HOUR + 1))
    assert (late.state, late.schedule) == (State.DRAFT, None)
    plain = a_mailing(connection, State.PREPARING)
    assert occasions.skip_missed(connection, plain, engine(NOW + 99 * DAY)) == plain


def test_repeating() -> None:
    """Each date makes a mailing with a number, a name and files of its own; the parent goes on."""
    connection = a_file()
    parent = editing.attach(connection, a_draft(connection, NEWEST), "a.png", b"x", by())
    parent = occasions.schedule(connection, parent, DAILY, by())
    assert (parent.state, parent.next) == (State.REPEATING, ONCE_AT)
    first = occasions.come_due(connection, parent, engine(ONCE_AT + 5))
    assert (first.number, first.state, first.parent, first.draft.name) == (
        2,
        State.PLANNED,
        1,
        "Autumn 2026-09-22 09:00",
    )
    assert [file.name for file in first.files] == ["a.png"]
    parent = find(connection, 1)
    assert (parent.state, parent.next, parent.handled) == (State.REPEATING, ONCE_AT + DAY, ONCE_AT)
    assert occasions.coming(connection, ONCE_AT + 5) == [2]
    parent = editing.edit(connection, parent, parent.draft._replace(name="Winter"), STREAMS, by())
    second = occasions.come_due(connection, parent, engine(ONCE_AT + DAY))
    assert (second.number, second.draft.name) == (3, "Winter 2026-09-23 09:00")
    assert find(connection, 2) == first
    assert [one.number for one in listed(connection, Filter(parent=1))] == [3, 2]
    assert occasions.come_due(connection, first, engine(ONCE_AT + 5)).state is State.PREPARING


def test_repeating_ends() -> None:
    """After its last date there is nothing more to come of it."""
    connection = a_file()
    parent = planned(connection, DAILY._replace(iterations=1))
    occasions.come_due(connection, parent, engine(ONCE_AT))
    parent = find(connection, 1)
    assert (parent.state, parent.next, parent.run.ended) == (State.FINISHED, None, ONCE_AT)
    assert [one.action for one in log(connection, 1)][-2:] == ["spawn", "end"]


def test_repeating_after_a_downtime() -> None:
    """Only the last date is kept, and that within the grace; what was skipped is said."""
    connection = a_file()
    parent = planned(connection, DAILY)
    made = occasions.come_due(connection, parent, engine(ONCE_AT + 3 * DAY + MINUTE))
    assert made.draft.name == "Autumn 2026-09-25 09:00"
    assert log(connection, 1)[-2].words == "3 dates missed, from 2026-09-22 09:00 to 2026-09-24 09:00"
    parent = occasions.come_due(connection, find(connection, 1), engine(ONCE_AT + 4 * DAY + 2 * HOUR))
    assert (parent.number, parent.state, parent.next) == (1, State.REPEATING, ONCE_AT + 5 * DAY)
    assert parent.reason == "the date 2026-09-26 09:00 was missed"
    assert len(listed(connection, Filter(parent=1))) == 1


def test_the_last_date_was_missed() -> None:
    """Then it is over too."""
    connection = a_file()
    parent = planned(connection, DAILY._replace(iterations=2))
    parent = occasions.come_due(connection, parent, engine(ONCE_AT + 9 * DAY))
    assert parent.state is State.FINISHED
    assert listed(connection, Filter(parent=1)) == []


def test_the_clock_is_told() -> None:
    """A date that the clock moved says so in the history of both."""
    connection = a_file()
    night = Schedule(ONCE.start.replace(month=10, day=25, hour=2, minute=30), "Europe/Amsterdam", "FREQ=DAILY")
    parent = planned(connection, night)
    assert parent.next
    made = occasions.come_due(connection, parent, engine(parent.next))
    assert made.reason == "02:30 comes twice on 2026-10-25; it goes the first time"
    assert log(connection, 1)[-1].words == f"mailing 2 for 2026-10-25 02:30. {made.reason}"


def test_the_zone_was_changed_by_law() -> None:
    """When the moment on file is no longer that of the date, the date is waited for; when there is none, it is over."""
    connection = a_file()
    planned(connection, DAILY._replace(iterations=3))
    connection.execute("UPDATE mailing SET next = ?", (ONCE_AT - HOUR,))
    mailing = occasions.come_due(connection, find(connection, 1), engine(ONCE_AT - MINUTE))
    assert (mailing.state, mailing.next) == (State.REPEATING, ONCE_AT)
    connection.execute("UPDATE mailing SET next = ?, handled = ?", (ONCE_AT - HOUR, 1e11))
    assert occasions.come_due(connection, find(connection, 1), engine(ONCE_AT - MINUTE)).state is State.FINISHED


def test_repeating_is_not_sent_itself() -> None:
    """It is unscheduled first."""
    connection = a_file()
    parent = planned(connection, DAILY)
    with pytest.raises(NotNow, match="rules out: send; possible now: edit, repeat, unschedule"):
        running.send(connection, parent, by())
    assert occasions.unschedule(connection, parent, by()).state is State.DRAFT
