"""Who a mailing goes to, and why not to the others: a stream of recipients, in bounded memory.

The sources together make one set of people (`gathering`). Then each is judged, and the first thing against them counts,
in the order of `Exclusion`. Nobody vanishes: who is not written to is in the stream with the cause. The stream holds no
lock and no transaction: each chunk is as the file has it when it is read, and who is erased meanwhile is not in it.
"""

# ruff: noqa: S608  names in statements are checked when they are declared; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from postduif.bounce.address_state import Cause
from postduif.campaign.audience import selections
from postduif.campaign.audience.attributes import Attribute, AttributeFault, Kind, collection_named, declared
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import Compiled, Compiler
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.exclusion import OF_REFUSAL, Exclusion
from postduif.campaign.audience.gathering import Gathered, Spec, TargetFault, gather
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import type_named
from postduif.campaign.audience.suppression_link import SuppressionLink
from postduif.campaign.audience.values import Shown, Stored, items

CHUNK = 2000
"""Recipients that are read and judged together: some 2 MB."""
BUILT_IN = ("name", "language")
"""What is carried along of everybody."""
CONTACT, CHILD, EMAIL, SUBJECT, CAUSE, FIRST_VALUE = range(6)
"""Places in a row of the query."""


class Recipient(NamedTuple):
    """Somebody in the target."""

    contact: int
    child: int
    """The child record; 0: the person themselves."""
    address: str
    """For the envelope: the local part as given, the domain in ASCII and lower case. What was
    given, when it is none."""
    values: tuple[Shown, ...]
    """Of the target's `columns`, in their order; None is empty. Dates are YYYY-MM-DD."""
    cause: str
    """An `Exclusion`; "" when they are written to."""


class Target(NamedTuple):
    """A target that was gathered. `recipients` may be run through once."""

    gathered: Gathered
    columns: tuple[str, ...]
    """name, language, the attributes; those of child records as COLLECTION.NAME."""
    recipients: Iterator[Recipient]


class _Query(NamedTuple):
    sql: str
    type_: tuple[str, ...]
    of_child: tuple[Any, ...]


def target(connection: sqlite3.Connection, data_dir: Path, link: SuppressionLink, spec: Spec, now: float) -> Target:
    """Compute a target; `link` is open as long as it is read. Not inside a transaction.

    Raises PostduifError: something that is named is not there or cannot be so.
    """
    if spec.mail_type:  # as it is called on the suppression list, whose types tell capitals apart
        spec = spec._replace(mail_type=type_named(connection, spec.mail_type).name)
    gathered = gather(connection, data_dir, spec, now)
    columns = _columns(connection, spec)
    recipients = _Stream(connection, link, spec, columns, now).recipients()
    return Target(gathered, tuple(one.name for one in columns), recipients)


class _Column(NamedTuple):
    name: str
    sql: str
    kind: Kind


def _columns(connection: sqlite3.Connection, spec: Spec) -> list[_Column]:
    known = declared(connection)
    wanted = known if spec.attributes is None else spec.attributes
    if unknown := [name for name in wanted if name not in known and name not in BUILT_IN]:
        raise AttributeFault(f"there is no attribute {unknown[0]!r}; there are {', '.join(known) or 'none'}")
    columns = [_Column(name, f"contact.{name}", Kind.TEXT) for name in BUILT_IN]
    columns += [_column(known[name], "contact", "") for name in wanted if name not in BUILT_IN]
    if spec.collection:
        of_child = declared(connection, spec.collection).values()
        columns += [_column(one, "child", f"{spec.collection}.") for one in of_child]
    return columns


def _column(one: Attribute, table: str, prefix: str) -> _Column:
    return _Column(prefix + one.name, f"{table}.{one.column}", one.kind)


def _query(connection: sqlite3.Connection, spec: Spec, columns: Sequence[_Column], now: float) -> _Query:
    """One chunk: contact, child, email, subject, cause, and the values."""
    if spec.collection:
        email, subject = "coalesce(child.email, contact.email)", "coalesce(child.subject, contact.subject)"
        invalid, key, child = "iif(child.email IS NULL, contact.invalid, '')", "child.id", "child.id"
        tables = (
            f"{collection_named(connection, spec.collection).table} child "
            "CROSS JOIN temp.target_member m ON m.id = child.contact CROSS JOIN contact ON contact.id = m.id"
        )
    else:
        email, subject, invalid, key, child = "contact.email", "contact.subject", "contact.invalid", "m.id", "0"
        tables = "temp.target_member m CROSS JOIN contact ON contact.id = m.id"
    of_child = _of_child(connection, spec, now)
    cause, type_ = _cause(connection, spec, subject, invalid)
    parts = [key, child, email, subject, cause, *(one.sql for one in columns)]
    if spec.collection:
        parts[0] = "contact.id"
    sql = f"SELECT {', '.join(parts)} FROM {tables} WHERE {key} > ? AND ({of_child.sql}) ORDER BY {key} LIMIT {CHUNK}"
    return _Query(sql, type_, of_child.values)


def _cause(connection: sqlite3.Connection, spec: Spec, subject: str, invalid: str) -> tuple[str, tuple[str, ...]]:
    """SQL for the first thing that this file has against them, '' for nothing."""
    cases = [f"WHEN {invalid} <> '' THEN '{Exclusion.INVALID_SYNTAX}'"]
    subscribed, type_ = _subscribed(connection, spec)
    cases += subscribed
    found = [selections.named(connection, name) for name in spec.exclude_selections]
    if lists := ", ".join(str(one.id) for one in found if one.kind is SelectionKind.ADDRESSES):
        listed = f"SELECT 1 FROM selection_address a WHERE a.selection IN ({lists}) AND a.subject = {subject}"
        cases.append(f"WHEN EXISTS ({listed}) THEN '{Exclusion.EXCLUDED_ADDRESS}'")
    if found:
        selected = "SELECT 1 FROM temp.target_excluded e WHERE e.id = contact.id"
        cases.append(f"WHEN EXISTS ({selected}) THEN '{Exclusion.EXCLUDED_SELECTION}'")
    return f"CASE {' '.join(cases)} ELSE '' END", type_


def _of_child(connection: sqlite3.Connection, spec: Spec, now: float) -> Compiled:
    if not spec.child_condition.strip():
        return Compiled("1", ())
    if not spec.collection:
        raise TargetFault("a condition on child records needs their kind: collection")
    compiler = Compiler(vocabulary(connection), selections.day(now))
    return compiler.compile_child(read(spec.child_condition), spec.collection)


def _subscribed(connection: sqlite3.Connection, spec: Spec) -> tuple[list[str], tuple[str, ...]]:
    type_ = type_named(connection, spec.mail_type) if spec.mail_type else None
    if not type_ or type_.everybody:
        return [], ()
    state = "(SELECT state FROM subscription s WHERE s.contact = contact.id AND s.type = ?)"
    cases = [f"WHEN {state} IS NULL THEN '{Exclusion.NOT_SUBSCRIBED}'"]
    if type_.confirm:
        cases.append(f"WHEN {state} = 'unconfirmed' THEN '{Exclusion.UNCONFIRMED}'")
    return cases, (type_.name,) * len(cases)


class _Stream:
    """Reads chunk after chunk."""

    def __init__(
        self, connection: sqlite3.Connection, link: SuppressionLink, spec: Spec, columns: Sequence[_Column], now: float
    ) -> None:
        self._connection = connection
        self._link = link
        self._spec = spec
        self._now = now
        self._query = _query(connection, spec, columns, now)
        self._shown = [(place, _SHOWN[one.kind]) for place, one in enumerate(columns) if one.kind in _SHOWN]
        self._domains = frozenset(text.lower() for text in spec.exclude_domains if not text.startswith("*."))
        self._below = tuple(text[1:].lower() for text in spec.exclude_domains if text.startswith("*."))
        self._addresses = frozenset(check(text).subject for text in spec.exclude_addresses)
        self._by_place = bool(self._domains or self._below or self._addresses)
        if spec.collection:
            connection.execute("DROP TABLE IF EXISTS temp.target_seen")
            connection.execute("CREATE TEMP TABLE target_seen (subject TEXT PRIMARY KEY) WITHOUT ROWID")

    def recipients(self) -> Iterator[Recipient]:
        """Everybody, in the order of their ids."""
        after = 0
        while True:
            values = (*self._query.type_, after, *self._query.of_child)
            rows = self._connection.execute(self._query.sql, values).fetchall()
            if not rows:
                return
            yield from self._judged(rows)
            if len(rows) < CHUNK:
                return
            after = rows[-1][CHILD] or rows[-1][CONTACT]

    def _judged(self, rows: list[tuple[Any, ...]]) -> list[Recipient]:
        refused = self._link.refusals([row[SUBJECT] for row in rows], self._spec.mail_type, self._now)
        causes = [row[CAUSE] for row in rows]
        if refused or self._by_place:
            causes = [self._cause(row, refused) for row in rows]
        if self._spec.collection:
            self._find_doubles(rows, causes)
        return [
            _recipient(Recipient, (row[CONTACT], row[CHILD], _address(row), self._values(row), cause))
            for row, cause in zip(rows, causes, strict=True)
        ]

    def _values(self, row: tuple[Any, ...]) -> tuple[Shown, ...]:
        if not self._shown:
            return row[FIRST_VALUE:]
        values = list(row[FIRST_VALUE:])
        for place, as_shown in self._shown:
            values[place] = as_shown(values[place])
        return tuple(values)

    def _cause(self, row: tuple[Any, ...], refused: Mapping[str, Cause]) -> str:
        """The first thing against them."""
        subject, cause = row[SUBJECT], row[CAUSE]
        if cause == Exclusion.INVALID_SYNTAX:
            return str(cause)
        if subject in refused:
            return OF_REFUSAL[refused[subject]]
        if cause and cause != Exclusion.EXCLUDED_SELECTION:
            return str(cause)
        if subject in self._addresses:
            return Exclusion.EXCLUDED_ADDRESS
        return Exclusion.EXCLUDED_DOMAIN if self._of_excluded_domain(subject) else str(cause)

    def _of_excluded_domain(self, subject: str) -> bool:
        domain = subject.rpartition("@")[2]
        return domain in self._domains or (bool(self._below) and domain.endswith(self._below))

    def _find_doubles(self, rows: list[tuple[Any, ...]], causes: list[str]) -> None:
        """Of several with one address the first that is written to is it."""
        subjects = json.dumps([row[SUBJECT] for row in rows])
        query = "SELECT subject FROM temp.target_seen WHERE subject IN (SELECT value FROM json_each(?))"
        seen = {subject for (subject,) in self._connection.execute(query, (subjects,)).fetchall()}
        new = {}
        for place, row in enumerate(rows):
            if not causes[place]:
                if row[SUBJECT] in seen or row[SUBJECT] in new:
                    causes[place] = Exclusion.DOUBLE
                new[row[SUBJECT]] = True
        self._connection.executemany("INSERT OR IGNORE INTO temp.target_seen VALUES (?)", [(one,) for one in new])


def _address(row: tuple[Any, ...]) -> str:
    email, subject = row[EMAIL], row[SUBJECT]
    if email == subject or row[CAUSE] == Exclusion.INVALID_SYNTAX:
        return str(email)
    return str(email.rpartition("@")[0] + subject[subject.rfind("@") :])


_recipient = tuple.__new__  # a million times; half the time of Recipient(...)
_SHOWN: dict[Kind, Callable[[Stored], Shown]] = {
    Kind.BOOLEAN: lambda value: None if value is None else bool(value),
    Kind.LIST: items,
}
"""The kinds whose values are not stored as they are shown."""
