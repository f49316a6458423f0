"""One line of a suppression list as people keep it: what an import reads and an export writes.

Seven texts: address, cause, at, source, reason, type, evidence. A line is one entry that refuses mail; its standing
follows from the cause. What an export wrote, an import takes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from postduif.bounce.address_state import Cause, Entry, Event, What
from postduif.bounce.subject import is_erased, key_mark, read, shown

COLUMNS = ("address", "cause", "at", "source", "reason", "type", "evidence")

_AHEAD = 86400.0
"""Seconds that somebody else's clock may be ahead of ours."""


def row_of(entry: Entry) -> dict[str, str]:
    """The line of an entry."""
    at = datetime.fromtimestamp(entry.state.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    state = entry.state
    values = (shown(entry.subject), state.cause, at, state.source, state.reason, entry.type, state.evidence)
    return dict(zip(COLUMNS, values, strict=True))


def event_of(row: Mapping[str, str], now: float, secret: bytes) -> Event:
    """The entry that a line asks for. What is left out: cause manual, at now.

    Raises ValueError, and AddressError for the address, with the problem and the remedy.
    """
    given = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    subject = read(given["address"])
    cause = _cause(given["cause"] or Cause.MANUAL)
    if is_erased(subject) != (cause is Cause.ERASED):
        raise ValueError(
            "a hash and the cause erased belong together; to erase somebody: postduif suppress add --erase"
        )
    if is_erased(subject) and not subject.startswith(key_mark(secret)):
        raise ValueError("this hash was made with another key; bring its erased.key along, or leave the line out")
    if cause is Cause.MANUAL and not given["reason"]:
        raise ValueError("no reason; say why it is entered")
    if given["type"] and cause is not Cause.UNSUBSCRIBE:
        raise ValueError(f"only an unsubscribe has a type, and this is {cause}; leave the type empty")
    at = _moment(given["at"], now)
    said = {name: given[name] for name in ("source", "evidence", "reason", "type")}
    return Event(subject, What.ENTRY, at, **said, cause=cause)


def _cause(text: str) -> Cause:
    try:
        return Cause(text.lower())
    except ValueError:
        raise ValueError(f"{text!r} is no cause; write one of {', '.join(Cause)}") from None


def _moment(text: str, now: float) -> float:
    """Seconds since the epoch of an ISO 8601 time (UTC unless it says otherwise), or of such a number."""
    if not text:
        return now
    try:
        at = float(text) if text.replace(".", "", 1).isdigit() else _iso(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from None
    if at > now + _AHEAD:
        raise ValueError(f"{text!r} lies in the future; correct it, or leave it empty")
    if at < 0:
        raise ValueError(f"{text!r} is before 1970; correct it, or leave it empty")
    return at


def _iso(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
