"""Mailings for tests: a file in memory, drafts, and the moments of a life."""

from __future__ import annotations

import datetime
import sqlite3

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import migrate
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA
from postduif.campaign.mailings.record import Counts, Draft, Mailing, Policy, State
from postduif.campaign.mailings.schedule import Schedule

NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC, a Monday; in Amsterdam it is 16:13:20."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STREAMS = ("news",)
DRAFT = Draft("Autumn", "news", Spec(selections=("Everybody",), mail_type="news"), '{"subject": "Hello"}')
NEWEST = DRAFT._replace(policy=Policy.NEWEST)
COUNTS = Counts(targeted=100, excluded=7, warnings=2)
ONCE = Schedule(datetime.datetime(2026, 9, 22, 9, 0), "Europe/Amsterdam")  # noqa: DTZ001  local time, as people say it
DAILY = ONCE._replace(rule="FREQ=DAILY")
ONCE_AT = 1_790_060_400.0
"""2026-09-22 07:00 UTC."""


def a_file() -> sqlite3.Connection:
    """An empty file of mailings, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, SCHEMA)
    return connection


def by(who: str = "anna", now: float = NOW, words: str = "") -> By:
    """Somebody, now."""
    return By(who, now, words)


def a_draft(connection: sqlite3.Connection, draft: Draft = DRAFT) -> Mailing:
    """A mailing that was just made."""
    return editing.create(connection, draft, STREAMS, by())


def a_mailing(
    connection: sqlite3.Connection, state: State, draft: Draft = DRAFT, counts: Counts = COUNTS, now: float = NOW
) -> Mailing:
    """One that has come into the state on the ordinary road: preparing to finished, with a pause and a stop on it."""
    mailing = a_draft(connection, draft)
    for step in _ROADS[state]:
        if step is State.PREPARED:
            mailing = running.ready(connection, mailing, counts, by("preparing", now))
        else:
            mailing = _STEPS[step](connection, mailing, by(now=now))
    assert mailing.state is state
    return mailing


_SENT = (State.PREPARING, State.PREPARED, State.HANDING_OVER, State.SENDING)
_ROADS = {
    State.DRAFT: (),
    State.PREPARING: _SENT[:1],
    State.FAILED: (State.PREPARING, State.FAILED),
    State.PREPARED: _SENT[:2],
    State.HANDING_OVER: _SENT[:3],
    State.SENDING: _SENT,
    State.PAUSED: (*_SENT, State.PAUSED),
    State.STOPPING: (*_SENT, State.STOPPING),
    State.STOPPED: (*_SENT, State.STOPPING, State.STOPPED),
    State.FINISHED: (*_SENT, State.FINISHED),
}
_STEPS = {
    State.PREPARING: running.prepare,
    State.FAILED: running.fail,
    State.HANDING_OVER: running.send,
    State.SENDING: running.started,
    State.PAUSED: running.pause,
    State.STOPPING: running.stop,
    State.STOPPED: running.stopped,
    State.FINISHED: running.finish,
}
