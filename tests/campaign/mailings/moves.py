"""Everything that can be done to a mailing, by its name, for tests that do it in any order."""

from __future__ import annotations

import datetime
import random
import sqlite3
from collections.abc import Callable

from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.record import Mailing, Policy
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.states import TABLE, Action
from tests.campaign.mailings.records import COUNTS, STREAMS

HOURLY = "FREQ=DAILY;BYHOUR=" + ",".join(str(hour) for hour in range(24))
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
    return occasions.schedule(connection, seen, _soon(by), by)


def _hourly(connection: sqlite3.Connection, seen: Mailing, by: By) -> Mailing:
    return occasions.schedule(connection, seen, _soon(by)._replace(rule=HOURLY, iterations=2), by)


def _soon(by: By) -> Schedule:
    return Schedule(datetime.datetime.fromtimestamp(by.now + 1800, datetime.UTC).replace(tzinfo=None), "UTC")


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
_CHOOSING: dict[Action, Move] = {
    Action.READY: _ready,
    Action.READY_FOR_DATE: _ready,
    Action.SCHEDULE: _once,
    Action.PLAN: _once,
    Action.REPEAT: _hourly,
    Action.DUE: occasions.come_due,
    Action.MISS: occasions.come_due,
    Action.SPAWN: occasions.come_due,
    Action.END: occasions.come_due,
}
OTHERS: list[Move] = [*dict.fromkeys(_CHOOSING.values()), occasions.skip_missed, _turn, _ready_with_errors]
"""Those that choose their action."""
_BACK = {Action.EDIT, Action.DELETE, Action.FAIL, Action.UNSCHEDULE, Action.STOP_PREPARING}


def legal(mailing: Mailing) -> list[Move]:
    """Those that the table knows in its state; what goes on is in it more than once."""
    moves = PLAIN | _CHOOSING
    actions = [action for state, action in TABLE if state is mailing.state and action in moves]
    return [moves[action] for action in actions for _ in range(1 if action in _BACK else 5)]


def some(chance: random.Random, mailing: Mailing) -> Move:
    """Mostly one that may be done."""
    return chance.choice([*legal(mailing), *OTHERS, chance.choice(list(PLAIN.values()))])
