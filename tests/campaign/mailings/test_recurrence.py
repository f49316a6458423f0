"""Rules of RFC 5545, and what is refused of them."""

from __future__ import annotations

import datetime
import time
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.recurrence import MAX_DATES, judge, times

START = datetime.datetime(2026, 1, 30, 9, 0)  # noqa: DTZ001  local time
ZONE = ZoneInfo("Europe/Amsterdam")


def days(rule: str, count: int, iterations: int = 0) -> list[str]:
    """The first dates of the rule."""
    return [f"{one:%Y-%m-%d}" for one in islice(times(rule, START, ZONE, iterations), count)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["2026-01-30", "2026-01-31", "2026-02-01"]),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-02-10", "2026-02-24", "2026-03-10"]),
        ("freq=monthly;bymonthday=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY", ["2026-01-30", "2026-03-30", "2026-04-30"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=DAILY;UNTIL=20260131", ["2026-01-30", "2026-01-31"]),
        ("FREQ=DAILY;UNTIL=20260131T075959Z", ["2026-01-30"]),
        ("FREQ=DAILY;UNTIL=20260131T080000Z", ["2026-01-30", "2026-01-31"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-30", "2026-01-31"]),
    ],
)
def test_dates(rule: str, expected: list[str]) -> None:
    """Rules give the dates that the RFC gives them; an end is kept; a day that a month lacks is left out."""
    judge(rule, START, ZONE, 0)
    assert days(rule, 3) == expected


def test_iterations() -> None:
    """Iterations end a rule; none or fewer do not."""
    assert len(days("FREQ=DAILY", 9, 4)) == 4
    assert len(days("FREQ=DAILY", 9, 0)) == len(days("FREQ=DAILY", 9, -1)) == 9


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "is not part of a rule"),
        ("INTERVAL=2", "begin it with FREQ="),
        ("FREQ=SECONDLY", "one of DAILY, WEEKLY"),
        ("FREQ=DAILY;INTERVAL=0", "a number from 1 to 999"),
        ("FREQ=DAILY;INTERVAL=-1", "a number from 1 to 999"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYEASTER=1", "'BYEASTER' is not part"),
        ("FREQ=DAILY\nDTSTART:20200101", "FREQ cannot be"),
        ("FREQ=DAILY;UNTIL=20261301", "is no moment"),
        ("FREQ=DAILY;UNTIL=99990101", "is not between"),
        ("FREQ=DAILY;UNTIL=20250101", "no date"),
        ("FREQ=DAILY;BYHOUR=25", "cannot be: hour must be"),
        ("FREQ=DAILY;BYSETPOS=0", "bysetpos must be"),
        ("FREQ=MONTHLY;BYDAY=60MO", "cannot be"),
        ("FREQ=DAILY;BYDAY=1MO", "MONTHLY and YEARLY rules only"),
        ("FREQ=YEARLY;BYMONTHDAY=3", "add BYMONTH"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "at most 24 times a day"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 600), "longer than"),
        ("FREQ=DAILY;INTERVAL=\u0661", "INTERVAL cannot be"),
    ],
)
def test_refused(rule: str, why: str) -> None:
    """A rule that cannot be meant is refused with the reason."""
    with pytest.raises(ScheduleFault, match=why):
        judge(rule, START, ZONE, 0)


def test_two_ends() -> None:
    """A count of the rule and iterations beside it are one too many; so are iterations without measure."""
    with pytest.raises(ScheduleFault, match="leave one of them out"):
        judge("FREQ=DAILY;COUNT=3", START, ZONE, 3)
    with pytest.raises(ScheduleFault, match="at most 100000 dates"):
        judge("FREQ=DAILY", START, ZONE, MAX_DATES + 1)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYHOUR=1,2,3,4;BYMONTHDAY=31;BYMONTH=6;BYSETPOS=2"]
)
def test_a_rule_without_dates_ends(rule: str) -> None:
    """What could be looked for until the year 9999 is given up after one round of the calendar."""
    began = time.process_time()
    with pytest.raises(ScheduleFault, match="has no date"):
        judge(rule, START, ZONE, 0)
    assert time.process_time() - began < 5  # 0.5 s; without the limit 8 to 13 s


def test_no_more_than_the_limit() -> None:
    """A rule without end ends all the same."""
    rule = "FREQ=DAILY;BYHOUR=" + ",".join(str(hour) for hour in range(24))
    assert sum(1 for _ in times(rule, START, ZONE, 0)) == MAX_DATES


RULES = st.builds(
    lambda freq, interval, month, day: f"FREQ={freq};INTERVAL={interval}" + month + day,
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 40),
    st.sampled_from(["", ";BYMONTH=2", ";BYMONTH=1,7,12", ";BYSETPOS=1;BYMONTH=3"]),
    st.sampled_from(["", ";BYDAY=MO", ";BYDAY=SA,SU", ";BYHOUR=8,20"]),
)


@settings(max_examples=40, deadline=None)
@given(rule=RULES, start=st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2100, 1, 1)))  # noqa: DTZ001
def test_moving_by_whole_rounds_changes_nothing(rule: str, start: datetime.datetime) -> None:
    """The dates are those of dateutil without the detour through another round of the calendar."""
    start = start.replace(microsecond=0)
    assert list(islice(times(rule, start, ZONE, 0), 5)) == list(islice(rrulestr(rule, dtstart=start), 5))
