"""The one place that changes a mailing's state, and writes down who did it.

A change is made to the mailing as the caller saw it. Who saw another state, an older revision or another preparation
than there is comes too late, and is told so: of two who send, one sends. State, what goes with it and the row of the
history are one transaction, so whoever is killed leaves the one or the other, and never half.
"""

# ruff: noqa: S608  names of columns are constants; values are parameters

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.campaign.mailings.fault import Overtaken
from postduif.campaign.mailings.listing import find, found
from postduif.campaign.mailings.record import Counts, Mailing, State
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.stored import Columns

MAX_WORDS = 1000
NOTE = "note"
"""The action of a row of the history that changes nothing."""
DATED = {State.SCHEDULED, State.PLANNED, State.REPEATING, State.PREPARING}
"""A schedule lasts as long as the mailing waits for it."""


class By(NamedTuple):
    """Who does something, and when: a person's name, or what works by itself ("schedule", "canary")."""

    who: str
    now: float
    """Seconds since the epoch."""
    words: str = ""
    """Why, or what came of it."""


def change(connection: sqlite3.Connection, seen: Mailing, action: Action, by: By, columns: Columns) -> Mailing:
    """Do it, with what else is to be written, and return the mailing as it is then. Inside a transaction.

    Raises NotNow, and Overtaken. The caller's transaction is to be given up then.
    """
    assert connection.in_transaction
    _compare(seen, found(connection, seen.number))
    _write(connection, seen.number, columns)
    to = decide(find(connection, seen.number), action)
    note(connection, seen.number, by, action, seen.state, to)
    changed = {"state": to.value, "reason": _line(by.words), "changed": by.now, "changed_by": by.who}
    _write(connection, seen.number, changed | _consequences(seen, action, to, by.now))
    return find(connection, seen.number)


def note(
    connection: sqlite3.Connection,
    number: int,
    by: By,
    action: str = NOTE,
    before: State | None = None,
    after: State | None = None,
) -> None:
    """A row of the history. Without an action, it says only that something was done. Inside a transaction."""
    state = before or find(connection, number).state
    connection.execute(
        "INSERT INTO history (mailing, at, who, action, before, after, words) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, by.now, by.who, str(action), state.value, (after or state).value, _line(by.words)),
    )


def _line(words: str) -> str:
    """One line of what may be anybody's words."""
    return " ".join(words.encode("utf-8", "replace").decode().split())[:MAX_WORDS]


def _compare(seen: Mailing, there: Mailing | None) -> None:
    if there is None:
        raise Overtaken(f"mailing {seen.number} was deleted meanwhile; look at the list again")
    if there.revision != seen.revision:
        raise Overtaken(
            f"mailing {seen.number} was edited by {there.changed_by} meanwhile (revision {there.revision}, not "
            f"{seen.revision}); read it again"
        )
    if (there.state, there.run.preparation) != (seen.state, seen.run.preparation):
        raise Overtaken(
            f"mailing {seen.number} is {there.state} by {there.changed_by} meanwhile, not {seen.state}; read it again"
        )


def _write(connection: sqlite3.Connection, number: int, columns: Columns) -> None:
    if columns:
        names = ", ".join(f"{name} = ?" for name in columns)
        connection.execute(f"UPDATE mailing SET {names} WHERE number = ?", (*columns.values(), number))


def _consequences(seen: Mailing, action: Action, to: State, now: float) -> Columns:
    """What else is so in the state that it comes into."""
    columns: Columns = {} if to in DATED else {"next": None}
    if to not in {*DATED, State.FINISHED}:
        columns["schedule"] = None
    if to is State.PREPARING:
        columns["preparation"] = seen.run.preparation + 1
    if to in (State.PREPARING, State.DRAFT, State.PLANNED, State.REPEATING):
        columns |= Counts()._asdict() | {"prepared": None}
    if action in (Action.READY, Action.READY_FOR_DATE):
        columns["prepared"] = now
    if action is Action.STARTED:
        columns["started"] = now
    if to in (State.STOPPED, State.FINISHED):
        columns["ended"] = now
    return columns
