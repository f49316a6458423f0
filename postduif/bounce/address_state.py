"""What is known of an address, and what each thing that happens makes of it. Pure: no file, no clock.

Four standings: valid, with_errors (soft errors are being counted), quarantined (mail does not arrive there) and
suppressed (mail is not wanted there). The last two refuse mail. What never happens: an address that refuses is let go
by anything but a release that gives a reason, or a lapse that was announced when it was put there (`until`). A block
(their policy, our reputation, the content) is not the recipient's fault and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the queue's writer has no other use for pydantic
    from postduif.config.schema import Bounce

EVERY_TYPE = "*"
"""An unsubscribe from all types of mail."""


class Standing(StrEnum):
    """What may be sent there; the later, the less."""

    VALID = "valid"
    WITH_ERRORS = "with_errors"
    QUARANTINED = "quarantined"
    SUPPRESSED = "suppressed"

    @property
    def refuses(self) -> bool:
        """Nothing is sent."""
        return self in (Standing.QUARANTINED, Standing.SUPPRESSED)


class Cause(StrEnum):
    """Why an address refuses mail."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    MAILBOX_FULL = "mailbox_full"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"
    ERASED = "erased"

    @property
    def standing(self) -> Standing:
        """What it makes of the address."""
        broken = (Cause.HARD_BOUNCE, Cause.SOFT_BOUNCES, Cause.MAILBOX_FULL)
        return Standing.QUARANTINED if self in broken else Standing.SUPPRESSED


class What(StrEnum):
    """What happened."""

    DELIVERED = "delivered"
    HARD = "hard"
    SOFT = "soft"
    MAILBOX_FULL = "mailbox_full"
    BLOCK = "block"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    ENTRY = "entry"
    """Somebody entered it, by hand or from a list, with a `cause`."""
    RELEASE = "release"
    """Somebody let it go, with a `reason`."""
    LAPSE = "lapse"
    """Its time is over."""


class Event(NamedTuple):
    """Something that happened to a subject (see `subject`), at `at` seconds since the epoch."""

    subject: str
    what: What
    at: float
    source: str = ""
    """Who says so: `smtp`, `dsn`, `arf`, `unsubscribe`, an operator's name, a file."""
    evidence: str = ""
    """What was said: the reply, the report."""
    reason: str = ""
    """Why a person did it."""
    type: str = ""
    """Of mail: for an unsubscribe and its release."""
    cause: Cause = Cause.MANUAL
    """Of an entry."""


class State(NamedTuple):
    """What holds for one subject and one type of mail ("" is all mail). Times in seconds since the epoch."""

    standing: Standing = Standing.VALID
    cause: str = ""
    """A `Cause` when it refuses."""
    source: str = ""
    evidence: str = ""
    reason: str = ""
    at: float = 0.0
    """Since when it stands so."""
    until: float | None = None
    """When it ends by itself; None: never."""
    errors: tuple[float, ...] = ()
    """The soft errors that count, the oldest first."""


VALID = State()
"""Of an address that nothing is known about."""


class Thresholds(NamedTuple):
    """When errors become a quarantine. Times in seconds."""

    soft_errors: int
    error_spacing: float
    error_window: float
    mailbox_full_time: float

    @classmethod
    def of(cls, settings: Bounce) -> Thresholds:
        """As configured."""
        return cls(settings.soft_errors, settings.error_spacing, settings.error_window, settings.mailbox_full_time)


class Entry(NamedTuple):
    """What is on file about one subject and one type of mail."""

    subject: str
    type: str
    state: State


def type_of(event: Event) -> str:
    """The type of mail that an event is about; "" is all mail."""
    unsubscribes = event.what is What.UNSUBSCRIBE or (event.what is What.ENTRY and event.cause is Cause.UNSUBSCRIBE)
    if unsubscribes:
        return event.type or EVERY_TYPE
    return event.type if event.what is What.RELEASE or event.what is What.LAPSE else ""


def after(state: State, event: Event, thresholds: Thresholds) -> State:
    """The state that an event makes; the same one when it changes nothing. `type_of` says which state to give."""
    return _RULES[event.what](state, event, thresholds)


def over(state: State, now: float) -> bool:
    """Its time has come: a LAPSE would change it, and it does not refuse any more."""
    return state.until is not None and state.until <= now


def refusing(entries: Iterable[Entry], mail_type: str, now: float) -> Entry | None:
    """The entry that refuses mail of this type, the strongest one; None: it may go.

    An unsubscribe counts for mail of its type. One from every type counts for mail that has a type, which mailings
    have; mail without one ("", a receipt, a password) is not what anybody unsubscribes from.
    """
    types = ("", mail_type, EVERY_TYPE) if mail_type else ("",)
    found = [one for one in entries if one.state.standing.refuses and one.type in types and not over(one.state, now)]
    return min(found, key=lambda one: (one.type != "", one.state.standing is Standing.QUARANTINED), default=None)


def _unchanged(state: State, _: Event, __: Thresholds) -> State:
    return state


def _delivered(state: State, event: Event, thresholds: Thresholds) -> State:
    """Mail arrives again, unless it was taken to be bounced later: errors lapse when none follows it in time."""
    if state.standing is not Standing.WITH_ERRORS:
        return state
    proven = event.at + thresholds.error_spacing
    return state._replace(until=proven if state.until is None else min(state.until, proven))


def _error(state: State, event: Event, thresholds: Thresholds) -> State:
    """Soft, or a full mailbox: counts once in a while, and only what is recent adds up."""
    if state.standing.refuses:
        return state
    errors = tuple(at for at in state.errors if event.at - at <= thresholds.error_window)
    if errors and event.at - errors[-1] < thresholds.error_spacing:
        return state._replace(until=errors[-1] + thresholds.error_window)  # no delivery before it proves anything
    since = state.at if errors else event.at
    errors = (*errors, event.at)
    if len(errors) < thresholds.soft_errors:
        until = event.at + thresholds.error_window
        return State(Standing.WITH_ERRORS, "", event.source, event.evidence, "", since, until, errors)
    cause = Cause.MAILBOX_FULL if event.what is What.MAILBOX_FULL else Cause.SOFT_BOUNCES
    return _entered(event, cause, thresholds)._replace(errors=errors)


def _entry(state: State, event: Event, thresholds: Thresholds) -> State:
    """Only what is stronger replaces what is there: suppressed over quarantined, for good over for a time."""
    cause = _CAUSES.get(event.what, event.cause)
    entered = _entered(event, cause, thresholds)
    return entered if _strength(entered) > _strength(state) else state


def _release(state: State, event: Event, _: Thresholds) -> State:
    return VALID if event.reason.strip() else state


def _lapse(state: State, event: Event, _: Thresholds) -> State:
    return VALID if over(state, event.at) else state


def _entered(event: Event, cause: Cause, thresholds: Thresholds) -> State:
    until = event.at + thresholds.mailbox_full_time if cause is Cause.MAILBOX_FULL else None
    return State(cause.standing, cause.value, event.source, event.evidence, event.reason, event.at, until)


def _strength(state: State) -> tuple[int, bool]:
    return list(Standing).index(state.standing), state.until is None


_CAUSES = {What.HARD: Cause.HARD_BOUNCE, What.COMPLAINT: Cause.COMPLAINT, What.UNSUBSCRIBE: Cause.UNSUBSCRIBE}
_RULES: dict[What, Callable[[State, Event, Thresholds], State]] = {
    What.DELIVERED: _delivered,
    What.HARD: _entry,
    What.SOFT: _error,
    What.MAILBOX_FULL: _error,
    What.BLOCK: _unchanged,
    What.COMPLAINT: _entry,
    What.UNSUBSCRIBE: _entry,
    What.ENTRY: _entry,
    What.RELEASE: _release,
    What.LAPSE: _lapse,
}
