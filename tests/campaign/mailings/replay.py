"""The history of all mailings, played again and held against the table and the file."""

from __future__ import annotations

import sqlite3

from postduif.campaign.mailings.changing import NOTE
from postduif.campaign.mailings.listing import found, log
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.states import TABLE, Action

WAITING = {State.SCHEDULED, State.PLANNED, State.REPEATING, State.PREPARING}
PREPARED = {State.SCHEDULED, State.PREPARED, State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING}


def check(connection: sqlite3.Connection) -> None:
    """Every row is a transition of the table, each begins where the one before it ended, and the file is at the end."""
    rows = connection.execute("SELECT number FROM mailing UNION SELECT mailing FROM history").fetchall()
    for (number,) in rows:
        state, preparations = State.ABSENT, 0
        for event in log(connection, number):
            assert event.before is state
            if event.action == NOTE:
                assert event.after is state
            else:
                assert TABLE[state, Action(event.action)].to is event.after
            state = event.after
            preparations += state is State.PREPARING
        mailing = found(connection, number)
        assert (mailing.state if mailing else State.ABSENT) is state
        if mailing:
            assert mailing.run.preparation == preparations
            assert mailing.schedule is None or state in {*WAITING, State.FINISHED}
            assert mailing.next is None or state in WAITING
            assert mailing.run.prepared is not None or state not in PREPARED
            assert (mailing.run.ended is not None) == (state in {State.STOPPED, State.FINISHED})
