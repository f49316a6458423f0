"""When a mailing goes: local time, changes of the clock, what was missed."""

from __future__ import annotations

import datetime

import pytest

from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.schedule import Schedule, due, every, judge, next_dates
from tests.campaign.mailings.records import DAILY, DAY, HOUR, ONCE, ONCE_AT


def local(text: str) -> datetime.datetime:
    """Local time, as people say it."""
    return datetime.datetime.fromisoformat(text)


def dates(schedule: Schedule, count: int = 4) -> list[str]:
    """The first dates in UTC."""
    judge(schedule)
    found = next_dates(schedule, 0, count)
    return [f"{datetime.datetime.fromtimestamp(one.at, datetime.UTC):%m-%d %H:%M}" for one in found]


def test_once() -> None:
    """A moment in local time is one moment of the world, and has passed when it has passed."""
    assert [one.at for one in next_dates(ONCE, 0, 5)] == [ONCE_AT]
    assert next_dates(ONCE, ONCE_AT, 5) == []


def test_nine_stays_nine() -> None:
    """What goes at 09:00 goes at 09:00 in summer and in winter."""
    autumn = Schedule(local("2026-10-24T09:00"), "Europe/Amsterdam", "FREQ=DAILY", 3)
    assert dates(autumn) == ["10-24 07:00", "10-25 08:00", "10-26 08:00"]
    spring = Schedule(local("2026-03-28T09:00"), "America/New_York", every("weekly", 1), 2)
    assert dates(spring) == ["03-28 13:00", "04-04 13:00"]


def test_the_hour_that_is_not() -> None:
    """A time that the clock leaves out is taken an hour later, and that is told."""
    schedule = Schedule(local("2026-03-28T02:30"), "Europe/Amsterdam", "FREQ=DAILY", 3)
    assert dates(schedule) == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]
    assert [one.note for one in next_dates(schedule, 0, 3)] == [
        "",
        "the clock leaves out 02:30 on 2026-03-29; it goes at 03:30",
        "",
    ]


def test_the_hour_that_comes_twice() -> None:
    """A time that comes twice is the first of the two, once, and that is told."""
    schedule = Schedule(local("2026-10-24T02:30"), "Europe/Amsterdam", "FREQ=DAILY", 3)
    assert dates(schedule) == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]
    assert next_dates(schedule, 0, 2)[1].note == "02:30 comes twice on 2026-10-25; it goes the first time"


def test_two_times_that_become_one() -> None:
    """02:30 that is left out and 03:30 are one moment; what lies between them in no order is put in order."""
    rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30,45"
    schedule = Schedule(local("2026-03-29T00:00"), "Europe/Amsterdam", rule)
    assert dates(schedule) == ["03-29 01:00", "03-29 01:30", "03-29 01:45", "03-30 00:00"]


def test_exceptions() -> None:
    """On a day that is excepted nothing goes; it counts as an iteration."""
    schedule = DAILY._replace(iterations=3, exceptions=(datetime.date(2026, 9, 23),))
    assert dates(schedule) == ["09-22 07:00", "09-24 07:00"]


@pytest.mark.parametrize("zone", ["", "..", "/etc/passwd", "Europe", "Europe/Amsterdamm", "x\0", "é"])
def test_no_zone(zone: str) -> None:
    """A zone that is none is said to be none, whatever it is."""
    with pytest.raises(ScheduleFault, match="write one like Europe/Amsterdam"):
        judge(ONCE._replace(zone=zone))


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (ONCE._replace(start=ONCE.start.replace(tzinfo=datetime.UTC)), "give local time"),
        (ONCE._replace(start=local("1999-01-01T00:00")), "between 2000 and 2399"),
        (ONCE._replace(grace=-1.0), "0 to 30 days"),
        (ONCE._replace(grace=float("nan")), "0 to 30 days"),
        (ONCE._replace(iterations=2), "only what repeats"),
        (ONCE._replace(exceptions=(datetime.date(2026, 1, 1),)), "only what repeats"),
        (DAILY._replace(exceptions=(datetime.date(2026, 1, 1),) * 1001), "at most 1000 exceptions"),
        (DAILY._replace(rule="FREQ=HOURLY"), "one of DAILY"),
    ],
)
def test_refused(schedule: Schedule, why: str) -> None:
    """A schedule that cannot be meant is refused with the reason."""
    with pytest.raises(ScheduleFault, match=why):
        judge(schedule)


def test_due_in_time() -> None:
    """A date is kept from its moment on, once."""
    assert due(DAILY, 0, ONCE_AT - 1).date is None
    turn = due(DAILY, 0, ONCE_AT)
    assert turn.date
    assert (turn.date.at, turn.missed) == (ONCE_AT, ())
    assert due(DAILY, ONCE_AT, ONCE_AT + 10).date is None


@pytest.mark.parametrize(("late", "kept", "missed"), [(HOUR, 3, 2), (HOUR + 1, None, 3)])
def test_due_after_a_downtime(late: float, kept: int | None, missed: int) -> None:
    """Of the dates that passed only the last is kept, and that only within the grace."""
    turn = due(DAILY, 0, ONCE_AT + 2 * DAY + late)
    assert len(turn.missed) == missed
    assert (turn.date and turn.date.at) == (kept and ONCE_AT + (kept - 1) * DAY)
