"""A suppression list in memory for the tests, and events for it."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Sequence
from typing import Any

from postduif.address import parse
from postduif.bounce.address_state import Event, Standing, Thresholds, What
from postduif.bounce.subject import of_address, read
from postduif.bounce.suppression import Change, record
from postduif.bounce.suppression_file import Wanted, listing, prepare
from postduif.config.schema import Bounce

DAY = 86400.0
NOW = 1_800_000_000.0
SECRET = b"s" * 32
DEFAULTS = Thresholds.of(Bounce())


def a_list() -> sqlite3.Connection:
    """An empty one, opened as the queue's writer opens it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    prepare(connection)
    return connection


def event(text: str, what: What, day: float = 0.0, **values: Any) -> Event:
    """Something that happens to an address, pattern or hash on that day."""
    return Event(read(text), what, NOW + day * DAY, **values)


def happen(connection: sqlite3.Connection, *events: Event) -> list[Change]:
    """Record them as one batch, the way the writer's process gets it."""
    batch = pickle.loads(pickle.dumps((record, events, DEFAULTS, SECRET)))
    changes = batch[0](connection, *batch[1:])
    assert pickle.loads(pickle.dumps(changes)) == changes
    return list(changes)


def standings(connection: sqlite3.Connection) -> dict[tuple[str, str], Standing]:
    """All that is on file."""
    return {(one.subject, one.type): one.state.standing for one in listing(connection, Wanted(), ("", ""), 10**6)}


def subject(text: str) -> str:
    """The subject of an address."""
    return of_address(parse(text))


def written(connection: sqlite3.Connection, query: str, values: Sequence[object] = ()) -> list[Any]:
    """What SQL says."""
    return connection.execute(query, values).fetchall()
