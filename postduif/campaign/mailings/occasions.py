"""Schedules on file: set and taken back, and what their dates do when they come. Each function is one transaction.

A repeating mailing is not sent itself. At each date it makes a mailing of its own, with a number of its own and the
content and target of that moment, which is prepared and sent like any other that was planned.
"""

from __future__ import annotations

import datetime
import sqlite3

from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By, change
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import MAX_NAME, Draft, Mailing, Policy, State
from postduif.campaign.mailings.schedule import Date, Schedule, due, judge, next_dates
from postduif.campaign.mailings.states import Action
from postduif.campaign.mailings.stored import Columns, schedule_text

_BY_SCHEDULE = (State.SCHEDULED, State.PLANNED, State.REPEATING)


def schedule(connection: sqlite3.Connection, seen: Mailing, when: Schedule, by: By) -> Mailing:
    """Let it go then, in the place of what was said before. Raises ScheduleFault, NotNow and Overtaken.

    What is prepared and frozen is scheduled; what takes the newest content is planned, or repeats by a rule.
    """
    judge(when)
    action = Action.PLAN if seen.draft.policy is Policy.NEWEST else Action.SCHEDULE
    if when.rule:
        action = Action.REPEAT
    with transaction(connection):
        return change(connection, seen, action, by, _dated(when, by.now))


def unschedule(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Let it wait; what is prepared stays so. Raises NotNow and Overtaken."""
    with transaction(connection):
        return change(connection, seen, Action.UNSCHEDULE, by, {})


def coming(connection: sqlite3.Connection, now: float) -> list[int]:
    """Numbers of the mailings whose date has come, the earliest first."""
    query = "SELECT number FROM mailing WHERE next <= ? AND state IN (?, ?, ?) ORDER BY next, number"
    return [number for (number,) in connection.execute(query, (now, *_BY_SCHEDULE))]


def come_due(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Do what its date asks for: hand it over, prepare it, or make the mailing of that date, which comes back.

    A date that was missed by more than its grace is skipped, and the history says so. Before its time nothing is
    done. Raises NotNow and Overtaken.
    """
    if not seen.schedule or seen.next is None or seen.next > by.now:
        return seen
    with transaction(connection):
        if seen.state is State.REPEATING:
            return _repeat(connection, seen, seen.schedule, by)
        # what was prepared for its date went on waiting only since then
        if by.now - max(seen.next, seen.run.prepared or 0.0) > seen.schedule.grace:
            return change(connection, seen, Action.MISS, _late(by, seen.next, seen.schedule), {})
        action = Action.DUE if seen.state is State.PLANNED else Action.SEND
        return change(connection, seen, action, by, {})


def skip_missed(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """What is still to be prepared, but for a date that is missed by then, is not sent; else nothing is done.

    Raises NotNow and Overtaken.
    """
    if not seen.schedule or seen.next is None or by.now - seen.next <= seen.schedule.grace:
        return seen
    with transaction(connection):
        return change(connection, seen, Action.MISS, _late(by, seen.next, seen.schedule), {})


def _repeat(connection: sqlite3.Connection, seen: Mailing, when: Schedule, by: By) -> Mailing:
    turn = due(when, seen.handled, by.now)
    handled = max((date.at for date in (turn.date, *turn.missed) if date), default=seen.handled)
    following = next_dates(when, handled, 1)
    columns: Columns = {"handled": handled, "next": following[0].at if following else None}
    now = made = seen
    if turn.missed:
        now = made = change(connection, now, Action.MISS, by._replace(words=_missed(turn.missed)), columns)
    if turn.date:
        made = _spawn(connection, seen, when, turn.date, by)
        words = f"mailing {made.number} for {turn.date.local:%Y-%m-%d %H:%M}. {turn.date.note}".rstrip(". ")
        now = change(connection, now, Action.SPAWN, by._replace(words=words), columns)
    if following and now is seen:  # the rules of the zone have changed, and with them the moment
        return change(connection, seen, Action.REPEAT, by, columns)
    if not following:
        change(connection, now, Action.END, by._replace(words="the schedule has no more dates"), {})
    return made if turn.date else find(connection, seen.number)


def _spawn(connection: sqlite3.Connection, seen: Mailing, when: Schedule, date: Date, by: By) -> Mailing:
    source = find(connection, seen.number)
    label = f"{date.local:%Y-%m-%d %H:%M}"
    draft = source.draft._replace(name=f"{source.draft.name[: MAX_NAME - len(label) - 1]} {label}")
    made = editing.insert(connection, draft, by._replace(words=f"of mailing {seen.number}"), parent=seen.number)
    once = Schedule(date.local.replace(tzinfo=None), when.zone, grace=when.grace)
    return _planned(connection, source, made, once, date.at, by._replace(words=date.note))


def at_once(connection: sqlite3.Connection, source: Mailing, draft: Draft, grace: float, by: By) -> Mailing:
    """A mailing of that draft with the files of `source`, which goes by itself now. Inside a transaction.

    `grace`: seconds for which it is still wanted when nothing runs now.
    """
    made = editing.insert(connection, draft, by)
    now = datetime.datetime.fromtimestamp(by.now, datetime.UTC)
    once = Schedule(now.replace(tzinfo=None, microsecond=0), "UTC", grace=grace)
    return _planned(connection, source, made, once, by.now, by)


def _planned(
    connection: sqlite3.Connection, source: Mailing, made: Mailing, once: Schedule, at: float, by: By
) -> Mailing:
    editing.copy_files(connection, source, made)
    columns: Columns = {"schedule": schedule_text(once), "next": at}
    return change(connection, find(connection, made.number), Action.PLAN, by, columns)


def _dated(when: Schedule, now: float) -> Columns:
    following = next_dates(when, now, 1)
    return {
        "schedule": schedule_text(when),
        "next": following[0].at if following else None,
        "handled": now,
    }


def _late(by: By, at: float, when: Schedule) -> By:
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return by._replace(
        words=f"its date, {moment:%Y-%m-%d %H:%M} UTC, was missed by {(by.now - at) / 60:,.0f} minutes; "
        f"at most {when.grace / 60:,.0f} are allowed"
    )


def _missed(dates: tuple[Date, ...]) -> str:
    first, last = (f"{date.local:%Y-%m-%d %H:%M}" for date in (dates[0], dates[-1]))
    return f"{len(dates)} dates missed, from {first} to {last}" if len(dates) > 1 else f"the date {first} was missed"
