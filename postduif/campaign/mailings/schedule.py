"""When a mailing goes: once, or by a rule. Pure functions; the caller says what time it is.

A schedule is in local time of a zone: what goes at 09:00 goes at 09:00 in summer and in winter. A time that a change of
the clock leaves out is taken as if the clock had not been changed yet (RFC 5545 3.3.5), a time that comes twice is the
first of the two, and both are told. RFC 5545 3.3.10 would leave the former out; a mailing an hour late is
better than none.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from postduif.campaign.mailings import recurrence
from postduif.campaign.mailings.fault import ScheduleFault

DEFAULT_GRACE = 3600.0
MAX_GRACE = 30 * 86400.0
MAX_EXCEPTIONS = 1000


class Schedule(NamedTuple):
    """When, as people say it."""

    start: datetime.datetime
    """Local time without a zone: the moment itself, or the first that the rule may give."""
    zone: str
    """As in the time zone database: Europe/Amsterdam."""
    rule: str = ""
    """RFC 5545 3.3.10: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU. Empty: once."""
    iterations: int = 0
    """How many dates in all, exceptions counted; 0 or less: no end but the rule's."""
    exceptions: tuple[datetime.date, ...] = ()
    """Local days on which nothing goes."""
    grace: float = DEFAULT_GRACE
    """Seconds that a date may be missed by (nothing was running) and still be kept; later, it is skipped."""


class Date(NamedTuple):
    """One date of a schedule."""

    at: float
    """Seconds since the epoch."""
    local: datetime.datetime
    """As the schedule says it, with its zone."""
    note: str = ""
    """What the clock's change makes of it; mostly nothing."""


class Due(NamedTuple):
    """What the time has made of a schedule."""

    date: Date | None
    """To be kept now."""
    missed: tuple[Date, ...]
    """To be skipped: too late, or another one came due after it."""


def every(frequency: str, interval: int) -> str:
    """The rule for "each 2 weeks": its frequency is one of `recurrence.FREQUENCIES`."""
    return f"FREQ={frequency.upper()};INTERVAL={interval}"


def rule_of(frequency: str, interval: int = 1, days: Sequence[str] = (), until: datetime.date | None = None) -> str:
    """The rule of some simple choices: `days` are as in BYDAY (MO, 1MO), or days of a month as numbers.

    Nothing is judged; `judge` does that.
    """
    rule = every(frequency, interval)
    named = [day for day in days if not day.lstrip("-").isdecimal()]
    numbered = [day for day in days if day not in named]
    rule += f";BYDAY={','.join(named)}" if named else ""
    rule += f";BYMONTHDAY={','.join(numbered)}" if numbered else ""
    return rule + (f";UNTIL={until:%Y%m%d}" if until else "")


def judge(schedule: Schedule) -> None:
    """Raises ScheduleFault for a schedule that cannot be meant."""
    zone = _zone(schedule.zone)
    if schedule.start.tzinfo is not None:
        raise ScheduleFault("the start has a zone of its own; give local time, and the zone beside it")
    if not recurrence.in_years(schedule.start):
        raise ScheduleFault(f"a start is between {recurrence.FIRST_YEAR} and {recurrence.LAST_YEAR}; choose another")
    if not 0 <= schedule.grace <= MAX_GRACE:
        raise ScheduleFault(f"the grace is 0 to {MAX_GRACE / 86400:.0f} days; choose another")
    if len(schedule.exceptions) > MAX_EXCEPTIONS:
        raise ScheduleFault(f"a schedule has at most {MAX_EXCEPTIONS} exceptions; end it, and begin another")
    if schedule.rule:
        recurrence.judge(schedule.rule, schedule.start, zone, schedule.iterations)
    elif schedule.iterations > 1 or schedule.exceptions:
        raise ScheduleFault("only what repeats has iterations and exceptions; give a rule, or leave them out")


def next_dates(schedule: Schedule, after: float, count: int) -> list[Date]:
    """The first `count` dates later than `after`. Raises ScheduleFault."""
    return list(islice((one for one in _dates(schedule) if one.at > after), count))


def due(schedule: Schedule, handled: float, now: float) -> Due:
    """What has come due after `handled`, up to now: only the last of it is kept, and that only within the grace.

    Raises ScheduleFault.
    """
    passed = []
    for one in _dates(schedule):
        if one.at > now:
            break
        if one.at > handled:
            passed.append(one)
    if not passed:
        return Due(None, ())
    if now - passed[-1].at > schedule.grace:
        return Due(None, tuple(passed))
    return Due(passed[-1], tuple(passed[:-1]))


def _dates(schedule: Schedule) -> Iterator[Date]:
    """All of them, in order, exceptions left out."""
    zone, last = _zone(schedule.zone), float("-inf")
    if not schedule.rule:
        yield _date(schedule.start, zone)
        return
    excepted = frozenset(schedule.exceptions)
    times = recurrence.times(schedule.rule, schedule.start, zone, schedule.iterations)
    for day, ones in groupby(times, key=datetime.datetime.date):
        if day in excepted:
            continue
        for date in sorted((_date(one, zone) for one in ones), key=lambda date: date.at):
            if date.at > last:  # 02:30 that is left out and 03:30 of the same day are one moment
                last = date.at
                yield date


def _date(local: datetime.datetime, zone: ZoneInfo) -> Date:
    moment = local.replace(tzinfo=zone, fold=0)
    real = moment.astimezone(datetime.UTC).astimezone(zone)
    note = ""
    if real.replace(tzinfo=None) != local:
        note = f"the clock leaves out {local:%H:%M} on {local:%Y-%m-%d}; it goes at {real:%H:%M}"
    elif moment.utcoffset() != moment.replace(fold=1).utcoffset():
        note = f"{local:%H:%M} comes twice on {local:%Y-%m-%d}; it goes the first time"
    return Date(moment.timestamp(), moment, note)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleFault(f"there is no time zone {name[:80]!r}; write one like Europe/Amsterdam or UTC") from None
