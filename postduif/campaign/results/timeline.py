"""What happened to one recipient of a mailing, in order: prepared, each attempt, the end, what came later.

Visits and wishes of the pages of readers stand among the rows of the journal, by their time.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.address import parse
from postduif.attempt import UNTRIED, Kind
from postduif.campaign.forms import responses
from postduif.campaign.results.opening import at_one_moment
from postduif.campaign.results.people import Recipient, read
from postduif.campaign.results.tally import Tally
from postduif.campaign.tracking.figures import visits_of, wishes_of
from postduif.campaign.tracking.links import links_of
from postduif.campaign.tracking.visit import Visited
from postduif.errors import AddressError
from postduif.queue.rows import MAX_RECIPIENTS

PREPARED, STARTED = "prepared", "started"
ASKED = "asked"
"""On the pages of readers: for no more mail, to be counted or not, for a copy, to be erased."""
RESPONDED = "responded"
"""To a form that the mailing led to."""
VISITS = {
    Visited.OPEN: "opened",
    Visited.CLICK: "clicked",
    Visited.WEB: "viewed",
    Visited.UNSUBSCRIBE_PAGE: "unsubscribe page",
}
"""What a kind of visit is called."""
_ATTEMPTS = {kind.value for kind in Kind if kind not in UNTRIED}


class Event(NamedTuple):
    """One thing that happened. Times are in seconds."""

    at: float | None
    """Since the epoch; None: nobody knows."""
    kind: str
    """A kind of `attempt.Kind`, PREPARED, STARTED, one of VISITS, ASKED or RESPONDED."""
    attempt: int
    """Which attempt it was; 0: it was none."""
    code: int
    enhanced: str
    text: str
    remote: str
    """The host that said it; "" if we did."""
    category: str
    host: str
    """`name[address]:port` that was tried."""
    source: str
    """The address of ours it was tried from."""
    tls: str
    """Protocol and cipher; "" in the clear."""
    waited: float
    """In the queue before it."""
    connect: float
    transmit: float
    command: str = ""
    """Of an attempt that was not taken: which command the host answered so (`attempt.Attempt`)."""
    link: int = 0
    """That was followed, by number; 0: none."""
    agent: str = ""
    """The family of the program that came by."""
    machine: str = ""
    """Why the visit is taken for a machine's (`tracking.visit.Machine`); "" for a person's, and for all else."""


class Timeline(NamedTuple):
    """One recipient with all events, the earliest first."""

    recipient: Recipient
    events: tuple[Event, ...]


def timeline(tally: Tally, number: int, prepared: float | None = None) -> Timeline | None:
    """Of that recipient, also of a seed; None: the mailing has no such number.

    `prepared`: when the mailing was, which its file does not say.
    """
    with at_one_moment(tally.connection):
        tally.catch_up()
        if not 0 <= number < tally.size:
            return None
        begun = started(tally.connection)
        events = [_said_by_us(prepared, PREPARED)]
        if begun is not None:
            events.append(_said_by_us(begun, STARTED))
        for at, kind, attempt, *rest in tally.connection.execute(_EVENTS, (number,)):
            events.append(Event(at, kind, attempt if kind in _ATTEMPTS else 0, *rest))
        one = read(tally, [number])[0]
    return Timeline(one, tuple(_among(events, _read_by(tally, number))))


def numbers_of(connection: sqlite3.Connection, address: str, *, after: int = -1, limit: int = -1) -> list[int]:
    """The recipients with that address, in any case of its letters: mostly one or none; one for each child record.

    In their order, from behind `after`; at most `limit`, -1 for all.
    """
    with at_one_moment(connection):
        return [number for (number,) in connection.execute(_OF_ADDRESS, (address, after, limit)).fetchall()]


def as_sent(text: str) -> str:
    """An address with its domain in ASCII, as mail was sent to it; of what is none, the text itself."""
    try:
        found = parse(text.strip())
    except AddressError:
        return text.strip()
    return f"{found.localpart}@{found.domain}"


def started(connection: sqlite3.Connection) -> float | None:
    """When the mailing began, seconds since the epoch; None: it did not yet.

    The file says so as long as somebody waits; then it follows from what the first attempt took.
    """
    (begun,) = connection.execute(_STARTED).fetchone()
    return begun or None


def _read_by(tally: Tally, number: int) -> list[Event]:
    if tally.source is None:
        return []
    links = {one.number: one.label or one.url for one in links_of(*tally.source)}
    found = [
        _said_by_us(one.at, VISITS[Visited(one.kind)])._replace(
            text=links.get(one.link, ""), link=one.link, agent=one.agent, machine=one.machine
        )
        for one in visits_of(*tally.source, number)
    ]
    for wish, done_at in wishes_of(*tally.source, number):
        words = " ".join(part for part in (wish.kind.replace("_", " "), wish.type and f"of {wish.type}") if part)
        told = f'{words}, {wish.how}, "{wish.wording}"' if wish.wording else f"{words}, {wish.how}"
        found.append(_said_by_us(wish.at, ASKED)._replace(text=told if done_at else f"{told}; to be done"))
    for answer in responses.of_reader(*tally.source, number):
        words = ", ".join([*(f"{name}: {text}" for name, text in answer.values.items()), *answer.types])
        told = f"{answer.form}: {words}" if words else answer.form
        found.append(_said_by_us(answer.at, RESPONDED)._replace(text=told))
    return found


def _among(events: list[Event], others: list[Event]) -> list[Event]:
    """Both, by time. The journal stays in its own order, whatever its clock did."""
    placed, left = [], sorted(others, key=lambda event: event.at or 0.0)
    for event in events:
        while left and event.at is not None and (left[0].at or 0.0) < event.at:
            placed.append(left.pop(0))
        placed.append(event)
    return placed + left


def _said_by_us(at: float | None, kind: str) -> Event:
    return Event(at, kind, 0, 0, "", "", "", "", "", "", "", 0.0, 0.0, 0.0)


_EVENTS = """
SELECT at, kind, attempt, code, enhanced, text, remote_mta, category, host, source, tls, in_queue, connect, transmit,
       command
FROM journal WHERE number = ? ORDER BY id
"""
_OF_ADDRESS = f"""
WITH RECURSIVE block (row) AS (
    SELECT max(id) >> 10 FROM journal
    UNION ALL SELECT row - 1 FROM block WHERE row > (SELECT min(id) >> 10 FROM journal))
SELECT number FROM block CROSS JOIN journal ON journal.id >> 10 = block.row AND recipient = ?1 COLLATE NOCASE
WHERE number > ?2
UNION SELECT id & {MAX_RECIPIENTS} FROM recipient WHERE address = ?1 COLLATE NOCASE AND id & {MAX_RECIPIENTS} > ?2
ORDER BY 1 LIMIT ?3
"""
_STARTED = """
SELECT coalesce((SELECT received_at FROM message LIMIT 1),
                (SELECT at - in_queue - connect - transmit FROM journal WHERE attempt = 1 ORDER BY id LIMIT 1),
                (SELECT min(at) FROM journal))
"""
