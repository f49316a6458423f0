"""What happens to a mailing from its preparation to its end. Each function is one transaction.

All of them raise NotNow when the state forbids it and Overtaken when somebody came first, and give back the mailing as
it is then. They change the record only: what prepares, hands over and speaks to the MTA acts on what the record says,
and may do so again after a crash (docs/mailings.md says what, state by state).
"""

from __future__ import annotations

import sqlite3

from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By, change, note
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Counts, Mailing
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.stored import Columns

JUDGED = "judged"
"""The action of the row of the history that says that the first wave is good enough. It changes no state."""


def prepare(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Begin to. The mailing that comes back says by `run.preparation` which preparation it is."""
    return _do(connection, seen, Action.PREPARE, by)


def stop_preparing(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Nothing is sent; a draft again. Who prepares finds out when it reports, or looks."""
    return _do(connection, seen, Action.STOP_PREPARING, by)


def ready(connection: sqlite3.Connection, seen: Mailing, counts: Counts, by: By) -> Mailing:
    """The queue file is whole, fsynced and has its name. What is scheduled but may not be sent has failed."""
    columns: Columns = counts._asdict()
    if not seen.schedule:
        return _do(connection, seen, Action.READY, by, columns)
    try:
        decide(seen._replace(run=seen.run._replace(counts=counts)), Action.READY_FOR_DATE)
    except NotNow as refusal:
        return _do(connection, seen, Action.FAIL, by._replace(words=str(refusal)), columns)
    return _do(connection, seen, Action.READY_FOR_DATE, by, columns)


def fail(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """It could not be prepared; `by.words` say why."""
    return _do(connection, seen, Action.FAIL, by)


def send(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Now: of a scheduled one, earlier than was said. From here on it goes out unless it is stopped."""
    return _do(connection, seen, Action.SEND, by)


def started(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """The MTA has it."""
    return _do(connection, seen, Action.STARTED, by)


def give_back(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """It could not be handed over, and its file is still where it was prepared; `by.words` say why."""
    return _do(connection, seen, Action.GIVE_BACK, by)


def pause(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Nothing more goes out until `resume`. Its validity does not wait."""
    return _do(connection, seen, Action.PAUSE, by)


def hold(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Pause by itself; `by.words` say which threshold was passed, and by how much."""
    return _do(connection, seen, Action.HOLD, by)


def judged(connection: sqlite3.Connection, seen: Mailing, by: By) -> None:
    """The first wave is good enough: the others go, each in its time from now on; `by.words` say how good."""
    with transaction(connection):
        there = find(connection, seen.number)
        if (there.state, there.changed) != (seen.state, seen.changed):
            raise Overtaken(f"mailing {seen.number} is {there.state} by {there.changed_by} meanwhile; look again")
        note(connection, seen.number, by, JUDGED)


def resume(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Go on after a pause."""
    return _do(connection, seen, Action.RESUME, by)


def stop(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """For good: what is still in the queue is to be withdrawn."""
    return _do(connection, seen, Action.STOP, by)


def stopped(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """All is withdrawn; `by.words` say how many."""
    return _do(connection, seen, Action.STOPPED, by)


def finish(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    """Nothing of it is in the queue any more."""
    return _do(connection, seen, Action.FINISH, by)


def _do(
    connection: sqlite3.Connection, seen: Mailing, action: Action, by: By, columns: Columns | None = None
) -> Mailing:
    with transaction(connection):
        return change(connection, seen, action, by, columns or {})
