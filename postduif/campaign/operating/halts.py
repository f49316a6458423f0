"""Mailings that came to rest by themselves, and not because they were done: somebody has to look at them."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.states import Action

WORDS: dict[str, str] = {
    Action.FAIL: "could not be prepared",
    Action.MISS: "was not sent",
    Action.HOLD: "is paused by itself",
    Action.GIVE_BACK: "could not be handed over",
}
"""What happened to it last, by the action."""
_AT_REST = (State.DRAFT, State.FAILED, State.PREPARED, State.PAUSED, State.REPEATING)
_HALTED = """
SELECT m.number, m.name, h.action, h.words FROM mailing m
JOIN history h ON h.id = (SELECT max(id) FROM history WHERE mailing = m.number AND action <> 'note')
WHERE NOT m.archived AND m.state IN (SELECT value FROM json_each(?)) AND h.at >= ?
AND h.action IN (SELECT value FROM json_each(?)) ORDER BY h.id DESC LIMIT ?
"""


class Halt(NamedTuple):
    """One of them, with the words of what did it."""

    number: int
    name: str
    action: str
    words: str


def halted(connection: sqlite3.Connection, since: float, limit: int) -> list[Halt]:
    """Those that nobody has touched since, and that are not put away; the latest first.

    `since`: older ones are left out; seconds since the epoch.
    """
    values = (json.dumps(_AT_REST), since, json.dumps([*WORDS]), limit)
    return [Halt(*row) for row in connection.execute(_HALTED, values)]
