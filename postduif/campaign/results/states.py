"""In which state a recipient of a mailing is: always in exactly one.

Who has a row in `recipient` waits. For everybody else the last row of the journal that decides anything counts. Rows
of attempts that are made again decide nothing, and neither do complaints and answers: these are events.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.bounce.category import CATEGORIES, severity


class State(StrEnum):
    """Where a recipient is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """It was taken, or may have been, and came back later."""
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    """It does not wait, and the journal does not say why: the file was damaged, and this was lost."""


class Did(StrEnum):
    """What a recipient did, or did not. Visits of machines do not count."""

    OPENED = "opened"
    NOT_OPENED = "not opened"
    """Of those delivered."""
    CLICKED = "clicked"
    RESPONDED = "responded"
    """Answered a form."""
    NOT_CLICKED = "not clicked"
    """Of those delivered."""
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    ANSWERED = "answered"


DECIDING = {
    Kind.DELIVERED.value: State.DELIVERED,
    Kind.BOUNCED.value: State.BOUNCED,
    Kind.FAILED.value: State.FAILED,
    Kind.EXPIRED.value: State.EXPIRED,
    Kind.SUPPRESSED.value: State.SUPPRESSED,
    Kind.WITHDRAWN.value: State.WITHDRAWN,
}
"""The state that a kind of journal row leads to."""
EVENTS = (Kind.COMPLAINED.value, Kind.UNSUBSCRIBED.value, Kind.ANSWERED.value)
"""Kinds that say something of a recipient and leave the state as it is."""


class End(NamedTuple):
    """How it ended, as far as figures tell recipients apart."""

    state: State
    category: str
    """Of `bounce.category`; "" when it was delivered or withdrawn."""
    weight: str
    """hard, soft or block when it failed, else ""."""


def end_of(kind: str, category: str, *, transient: bool) -> End:
    """The end that a journal row of that kind is. A category this version does not know is `unknown`."""
    state = DECIDING[kind]
    if state is not State.FAILED:
        return End(state, category, "")
    known = category if category in CATEGORIES else "unknown"
    weight = severity(known, 400 if transient else 0)
    # what says nothing about the address is not the address's fault, like a block
    return End(state, known, "block" if weight == "none" else weight)
