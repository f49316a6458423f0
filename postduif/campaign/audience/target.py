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
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from postduif.address import parse_domain
from postduif.bounce.address_state import Cause
from postduif.campaign.audience import selections
from postduif.campaign.audience.attributes import Attribute, AttributeFault, Kind, collection_named, declared
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import Compiled, Compiler
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.exclusion import OF_REFUSAL, Exclusion
from postduif.campaign.audience.gathering import Gathered, Spec, TargetFault, gather
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.packing import Column, packed
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import type_named
from postduif.campaign.audience.suppression_link import SuppressionLink
from postduif.errors import AddressError

CHUNK = 2000
"""Recipients that are read and judged together: some 2 MB."""
EMAIL = "email"
"""The column of the address, as it is in the envelope."""
BUILT_IN = ("name", "language")
"""What is carried along of everybody."""
CONTACT, CHILD, ADDRESS, VALUES, CAUSE, SUBJECT = range(6)
"""Places in a row of the query; all but the last are a recipient's."""


class Recipient(NamedTuple):
    """Somebody in the target."""

    contact: int
    child: int
    """The child record; 0: the person themselves."""
    address: str
    """For the envelope: the local part as given, the domain in ASCII and lower case. What was
    given, when it is none."""
    values: str
    """Of the columns that were asked for, as `packing` makes them: a JSON array. Dates are YYYY-MM-DD."""
    cause: str
    """An `Exclusion`; "" when they are written to."""


Judged = tuple[int, int, str, str, str]
"""A `Recipient` without names, as it goes from one process to another."""


Stream = Callable[[Sequence[str]], Iterator[Recipient]]
"""Recipients, with the values of these columns."""


class Target(NamedTuple):
    """A target that was gathered."""

    gathered: Gathered
    columns: tuple[str, ...]
    """email, name, language, the attributes; those of child records as COLLECTION.NAME."""
    recipients: Stream
    """The stream, with the values of these columns in this order. Until the next target is gathered."""


class _Query(NamedTuple):
    """In two parts, with the values between them."""

    select: str
    tables: str
    type_: tuple[str, ...]
    of_child: tuple[Any, ...]


def target(connection: sqlite3.Connection, data_dir: Path, link: SuppressionLink, spec: Spec, now: float) -> Target:
    """Compute a target; `link` is open as long as it is read. Not inside a transaction.

    Raises PostduifError: something that is named is not there or cannot be so.
    """
    spec = by_name(connection, spec)
    gathered = gather(connection, data_dir, spec, now)
    columns = _columns(connection, spec)
    stream = _Stream(connection, link, spec, columns, now)
    return Target(gathered, tuple(one.name for one in columns), stream.recipients)


def judged(
    connection: sqlite3.Connection, link: SuppressionLink, spec: Spec, columns: Sequence[str], now: float
) -> Iterator[list[Judged]]:
    """The stream of the target that was gathered in, or adopted by, this connection: chunk after chunk."""
    spec = by_name(connection, spec)
    return _Stream(connection, link, spec, _columns(connection, spec), now).judged(columns)


def by_name(connection: sqlite3.Connection, spec: Spec) -> Spec:
    """With the type of mail as it is stored: the MTA and the suppression list tell capitals apart. Raises PostduifError
    when there is no such type."""
    return spec._replace(mail_type=type_named(connection, spec.mail_type).name) if spec.mail_type else spec


def columns_of(connection: sqlite3.Connection, spec: Spec) -> tuple[str, ...]:
    """The `columns` that a target of this specification has; nothing is gathered. Raises PostduifError."""
    return tuple(one.name for one in _columns(connection, spec))


def _columns(connection: sqlite3.Connection, spec: Spec) -> list[Column]:
    known = declared(connection)
    wanted = known if spec.attributes is None else spec.attributes
    if unknown := [name for name in wanted if name not in known and name not in BUILT_IN]:
        raise AttributeFault(f"there is no attribute {unknown[0]!r}; there are {', '.join(known) or 'none'}")
    columns = [Column(EMAIL, _address(spec), Kind.TEXT)]
    columns += [Column(name, f"contact.{name}", Kind.TEXT) for name in BUILT_IN]
    columns += [_column(known[name], "contact", "") for name in wanted if name not in BUILT_IN]
    if spec.collection:
        of_child = declared(connection, spec.collection).values()
        columns += [_column(one, "child", f"{spec.collection}.") for one in of_child]
    return columns


def _column(one: Attribute, table: str, prefix: str) -> Column:
    return Column(prefix + one.name, f"{table}.{one.column}", one.kind)


def _of_address(spec: Spec) -> tuple[str, str, str]:
    """SQL for the address as it was given, for what it is as one key, and for why it is none."""
    if not spec.collection:
        return "contact.email", "contact.subject", "contact.invalid"
    email, subject = (f"coalesce(child.{name}, contact.{name})" for name in ("email", "subject"))
    return email, subject, "iif(child.email IS NULL, contact.invalid, '')"


def _address(spec: Spec) -> str:
    """SQL for the address in the envelope: up to the last @ as it was given, behind that as the key has it."""
    email, subject, invalid = _of_address(spec)
    local, before = (f"rtrim({one}, replace({one}, '@', ''))" for one in (email, subject))
    return f"iif({email} = {subject} OR {invalid} <> '', {email}, {local} || substr({subject}, length({before}) + 1))"


def _query(connection: sqlite3.Connection, spec: Spec, now: float) -> _Query:
    """One chunk: contact, child, address, values, cause, subject."""
    _, subject, invalid = _of_address(spec)
    if spec.collection:
        person, key, child = "contact.id", "child.id", "child.id"
        tables = (
            f"{collection_named(connection, spec.collection).table} child "
            "CROSS JOIN temp.target_member m ON m.id = child.contact CROSS JOIN contact ON contact.id = m.id"
        )
    else:
        person, key, child = "m.id", "m.id", "0"
        tables = "temp.target_member m CROSS JOIN contact ON contact.id = m.id"
    of_child = _of_child(connection, spec, now)
    cause, type_ = _cause(connection, spec, subject, invalid)
    select = f"SELECT {person}, {child}, {_address(spec)}"
    where = f"WHERE {key} > ? AND ({of_child.sql}) ORDER BY {key} LIMIT {CHUNK}"
    return _Query(select, f"{cause}, {subject} FROM {tables} {where}", type_, of_child.values)


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
        self, connection: sqlite3.Connection, link: SuppressionLink, spec: Spec, columns: Sequence[Column], now: float
    ) -> None:
        self._connection = connection
        self._link = link
        self._spec = spec
        self._now = now
        self._columns = {one.name: one for one in columns}
        self._query = _query(connection, spec, now)
        domains = [(text.strip().startswith("*."), _domain(text)) for text in spec.exclude_domains]
        self._domains = frozenset(domain for below, domain in domains if not below)
        self._below = tuple(f".{domain}" for below, domain in domains if below)
        self._addresses = frozenset(check(text).subject for text in spec.exclude_addresses)
        self._by_place = bool(self._domains or self._below or self._addresses)

    def recipients(self, columns: Sequence[str]) -> Iterator[Recipient]:
        """Everybody, in the order of their ids."""
        for chunk in self.judged(columns):
            yield from map(recipient, chunk)

    def judged(self, columns: Sequence[str]) -> Iterator[list[Judged]]:
        """The same, chunk after chunk. Raises AttributeFault for a column that is not there any more."""
        if gone := [name for name in columns if name not in self._columns]:
            raise AttributeFault(f"there is no attribute {gone[0]!r} any more; prepare it again")
        if self._spec.collection:
            self._connection.execute("DROP TABLE IF EXISTS temp.target_seen")
            self._connection.execute("CREATE TEMP TABLE target_seen (subject TEXT PRIMARY KEY) WITHOUT ROWID")
        sql = f"{self._query.select}, {packed([self._columns[name] for name in columns])}, {self._query.tables}"
        after = 0
        while True:
            values = (*self._query.type_, after, *self._query.of_child)
            rows = self._connection.execute(sql, values).fetchall()
            if not rows:
                return
            yield self._judge(rows)
            if len(rows) < CHUNK:
                return
            after = rows[-1][CHILD] or rows[-1][CONTACT]

    def _judge(self, rows: list[tuple[Any, ...]]) -> list[Judged]:
        subjects = [row[SUBJECT] for row in rows]
        refused = self._link.refusals(subjects, self._spec.mail_type, self._now)
        causes = [row[CAUSE] for row in rows]
        for place, subject in enumerate(subjects):
            if self._by_place or subject in refused:
                causes[place] = self._cause(rows[place], refused)
        if self._spec.collection:
            self._find_doubles(subjects, causes)
        return [(*row[:CAUSE], cause) for row, cause in zip(rows, causes, strict=True)]

    def _cause(self, row: tuple[Any, ...], refused: Mapping[str, Cause]) -> str:
        """The first thing against them."""
        subject, cause = row[SUBJECT], str(row[CAUSE])
        if cause == Exclusion.INVALID_SYNTAX:
            return cause
        if subject in refused:
            return OF_REFUSAL[refused[subject]].value
        if cause and cause != Exclusion.EXCLUDED_SELECTION:
            return cause
        if subject in self._addresses:
            return Exclusion.EXCLUDED_ADDRESS.value
        return Exclusion.EXCLUDED_DOMAIN.value if self._of_excluded_domain(subject) else cause

    def _of_excluded_domain(self, subject: str) -> bool:
        domain = subject.rpartition("@")[2]
        return domain in self._domains or (bool(self._below) and domain.endswith(self._below))

    def _find_doubles(self, subjects: Sequence[str], causes: list[str]) -> None:
        """Of several with one address the first that is written to is it."""
        query = "SELECT subject FROM temp.target_seen WHERE subject IN (SELECT value FROM json_each(?))"
        seen = {subject for (subject,) in self._connection.execute(query, (json.dumps(subjects),)).fetchall()}
        new = {}
        for place, subject in enumerate(subjects):
            if not causes[place]:
                if subject in seen or subject in new:
                    causes[place] = Exclusion.DOUBLE.value
                new[subject] = True
        self._connection.executemany("INSERT OR IGNORE INTO temp.target_seen VALUES (?)", [(one,) for one in new])


def _domain(text: str) -> str:
    """As subjects have it: in ASCII. Raises TargetFault."""
    try:
        return parse_domain(text.strip().removeprefix("*.").removeprefix("@").rstrip("."))
    except AddressError as error:
        raise TargetFault(f"{text!r} cannot be left out: {error}; write example.com, or *.example.com") from None


recipient: Callable[[Judged], Recipient] = partial(tuple.__new__, Recipient)
"""With names. A million times, so in a quarter of the time of Recipient(...)."""
