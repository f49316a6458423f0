"""Everything that can be done to a mailing, by its name, for tests that do it in any order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.record import Mailing, Policy
from postduif.campaign.mailings.states import Action
from tests.campaign.mailings.records import COUNTS, DAILY, ONCE, STREAMS

Move = Callable[[sqlite3.Connection, Mailing, By], object]


def _edit(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return editing.edit(connection, seen, seen.draft._replace(rate=seen.draft.rate + 1), STREAMS, by)


def _turn(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    other = Policy.NEWEST if seen.draft.policy is Policy.FROZEN else Policy.FROZEN
    return editing.edit(connection, seen, seen.draft._replace(policy=other), STREAMS, by)


def _ready(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return running.ready(connection, seen, COUNTS, by)


def _ready_with_errors(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return running.ready(connection, seen, COUNTS._replace(errors=1), by)


def _once(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return occasions.schedule(connection, seen, ONCE, by)


def _daily(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return occasions.schedule(connection, seen, DAILY._replace(iterations=3), by)


PLAIN: dict[Action, Move] = {
    Action.EDIT: _edit,
    Action.PREPARE: running.prepare,
    Action.STOP_PREPARING: running.stop_preparing,
    Action.FAIL: running.fail,
    Action.SEND: running.send,
    Action.STARTED: running.started,
    Action.GIVE_BACK: running.give_back,
    Action.PAUSE: running.pause,
    Action.HOLD: running.hold,
    Action.RESUME: running.resume,
    Action.STOP: running.stop,
    Action.STOPPED: running.stopped,
    Action.FINISH: running.finish,
    Action.UNSCHEDULE: occasions.unschedule,
    Action.DELETE: editing.delete,
}
"""Those that stand for one action of the table."""
OTHERS: list[Move] = [_turn, _ready, _ready_with_errors, _once, _daily, occasions.come_due, occasions.prepare_again]
"""Those that choose their action."""
