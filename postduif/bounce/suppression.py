"""The suppression list on disk, changed: what happened comes in, the rows and their history follow.

Promises: a change is in the transaction that the caller has open, together with whatever else is in it; every change
has a row in the history; a batch takes four statements, however many events it has. Who an event is about was
authenticated by the caller. All are plain functions over a connection, with plain values in and out (they can be
pickled), because they run in the process that writes the queue file.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from postduif.bounce.address_state import (
    VALID,
    Cause,
    Event,
    Standing,
    State,
    Thresholds,
    What,
    after,
    over,
    type_of,
)
from postduif.bounce.subject import erased, is_erased, is_pattern
from postduif.bounce.suppression_file import COLUMNS, HISTORY_COLUMNS, entries_of

MAX_TEXT = 500
"""Characters that are kept of what somebody said."""
TIDY_CHUNK = 1000
"""Rows that one call of `tidy` changes, and removes from the history."""

_PAIRS = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
_Key = tuple[str, str]  # subject, type


class Change(NamedTuple):
    """What a batch made of one entry, for the index in memory and for those who withdraw mail."""

    subject: str
    type: str
    before: State
    after: State


class Tidied(NamedTuple):
    """What `tidy` did."""

    changes: list[Change]
    forgotten: int
    """Rows removed from the history."""

    @property
    def more(self) -> bool:
        """There may be more to do."""
        return len(self.changes) >= TIDY_CHUNK or self.forgotten >= TIDY_CHUNK


def record(
    connection: sqlite3.Connection, events: Sequence[Event], thresholds: Thresholds, secret: bytes
) -> list[Change]:
    """Let the events have their effect, in their order; returns what is different now. Raises sqlite3.Error.

    About somebody who was erased nothing new is kept: an event about his address is one about its hash.
    """
    subjects = {event.subject for event in events}
    hashes = {subject: erased(subject, secret) for subject in subjects if not is_pattern(subject)}
    known = {(one.subject, one.type): one.state for one in entries_of(connection, [*subjects, *hashes.values()])}
    gone = {subject for subject, _ in known if is_erased(subject)}
    changing = _Changing(known)
    for event in events:
        hashed = hashes.get(event.subject)
        if hashed in gone and not is_erased(event.subject):
            event = event._replace(subject=hashed, evidence="", source="")  # noqa: PLW2901
        changing.apply(event, thresholds)
    return changing.write(connection)


def erase(
    connection: sqlite3.Connection, subjects: Sequence[str], at: float, reason: str, secret: bytes
) -> list[Change]:
    """Keep of these addresses nothing but hashes, which refuse mail for good; of their history what and when only.

    Patterns are no persons and stay. Returns what is different now, with a change to nothing of each address that is
    erased now or had an entry: it must leave every copy of the file, and its mail the queue.
    """
    persons = [subject for subject in dict.fromkeys(subjects) if not is_pattern(subject) and not is_erased(subject)]
    left = [Change(one.subject, one.type, one.state, VALID) for one in entries_of(connection, persons)]
    had = {one.subject for one in left}
    connection.execute(
        "DELETE FROM suppression WHERE subject IN (SELECT value FROM json_each(?))", (json.dumps(persons),)
    )
    connection.execute(
        "UPDATE suppression_history SET subject = json_extract(new.value, '$[1]'), source = '', evidence = '', "
        "reason = '' FROM json_each(?) AS new WHERE subject = json_extract(new.value, '$[0]')",
        (json.dumps([(subject, erased(subject, secret)) for subject in persons]),),
    )
    events = [Event(erased(one, secret), What.ENTRY, at, reason=reason, cause=Cause.ERASED) for one in persons]
    made = record(connection, events, _NONE, secret)
    gone = {one.subject for one in made}
    left += [Change(one, "", VALID, VALID) for one in persons if one not in had and erased(one, secret) in gone]
    return left + made


def tidy(connection: sqlite3.Connection, now: float, retention: float) -> Tidied:
    """Let go what has lapsed, and forget the history from before `retention` seconds; a chunk of each."""
    query = "SELECT DISTINCT subject FROM suppression WHERE until <= ? ORDER BY until LIMIT ?"
    due = [subject for (subject,) in connection.execute(query, (now, TIDY_CHUNK)).fetchall()]
    changing = _Changing({(one.subject, one.type): one.state for one in entries_of(connection, due)})
    for subject, type_ in changing.known:
        changing.lapse(subject, type_, now)
    changes = changing.write(connection)
    forget = (
        "DELETE FROM suppression_history WHERE id IN (SELECT id FROM suppression_history WHERE at < ? "
        "ORDER BY at LIMIT ?)"
    )
    return Tidied(changes, connection.execute(forget, (now - retention, TIDY_CHUNK)).rowcount)


_NONE = Thresholds(1, 0.0, 0.0, 0.0)


class _Changing:
    """States as they were and as they become, and the history of it."""

    def __init__(self, known: Mapping[_Key, State]) -> None:
        self.known = known
        self._now = dict(known)
        self._history: list[tuple[Any, ...]] = []

    def apply(self, event: Event, thresholds: Thresholds) -> None:
        event = event._replace(
            at=round(event.at, 4),  # 0.1 ms: JSON carries it exactly
            source=_storable(event.source),
            evidence=_storable(event.evidence),
            reason=_storable(event.reason),
            type=_storable(event.type),
        )
        type_ = type_of(event)
        self.lapse(event.subject, type_, event.at)
        self._step(event, type_, thresholds)

    def lapse(self, subject: str, type_: str, now: float) -> None:
        """End what was for a time, in a step of its own, before anything else happens to it."""
        if over(self._now.get((subject, type_), VALID), now):
            self._step(Event(subject, What.LAPSE, now, type=type_), type_, _NONE)

    def _step(self, event: Event, type_: str, thresholds: Thresholds) -> None:
        key = (event.subject, type_)
        was = self._now.get(key, VALID)
        became = after(was, event, thresholds)
        if became == was:
            return
        self._now[key] = became
        self._history.append(
            (
                event.at,
                *key,
                event.what.value,
                was.standing.value,
                became.standing.value,
                became.cause or was.cause,
                event.source,
                event.evidence,
                event.reason,
            )
        )

    def write(self, connection: sqlite3.Connection) -> list[Change]:
        changed = [
            Change(*key, self.known.get(key, VALID), state)
            for key, state in self._now.items()
            if state != self.known.get(key, VALID)
        ]
        kept = [one for one in changed if one.after.standing is not Standing.VALID]
        ended = [one for one in changed if one.after.standing is Standing.VALID]
        if kept:
            _insert(connection, "INSERT OR REPLACE INTO suppression", COLUMNS, map(_row, kept))
        if ended:
            pairs = json.dumps([(one.subject, one.type) for one in ended])
            connection.execute(f"DELETE FROM suppression WHERE (subject, type) IN ({_PAIRS})", (pairs,))
        if self._history:
            _insert(connection, "INSERT INTO suppression_history", HISTORY_COLUMNS, self._history)
        return changed


def _row(change: Change) -> tuple[Any, ...]:
    state = change.after
    return (
        change.subject,
        change.type,
        state.standing.value,
        state.cause,
        state.source,
        state.evidence,
        state.reason,
        state.at,
        state.until,
        json.dumps(state.errors),
    )


def _storable(text: str) -> str:
    """What was said elsewhere, cut short, without what SQLite would refuse to give back."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def _insert(connection: sqlite3.Connection, verb: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """All rows in one statement: they go in as one text."""
    values = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(columns.count(",") + 1))
    connection.execute(f"{verb} ({columns}) SELECT {values} FROM json_each(?)", (json.dumps(list(rows)),))
