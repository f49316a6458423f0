"""A file of people, taken in: chunk by chunk, each in one transaction together with how far the run is.

So whatever ends it (kill -9, a full disk) leaves whole chunks on file, and the same file with the same options goes on
behind them; of two that take in the same at the same time, one does. Memory holds one chunk. Who was erased is not
taken in again.
"""

# ruff: noqa: S608  names in statements are checked when they are declared; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from postduif.campaign.audience import import_runs, projects, selections, subscriptions
from postduif.campaign.audience.attributes import AttributeFault, Collection, collection_named, declare, declared
from postduif.campaign.audience.import_plan import Duplicates, Options, Plan
from postduif.campaign.audience.import_runs import Rejected, Run, RunState
from postduif.campaign.audience.intake import Intake, RowFault
from postduif.campaign.audience.selections import Selection
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.audience.suppression_link import SuppressionLink
from postduif.campaign.audience.upsert import (
    Child,
    Person,
    existing,
    note_origin,
    put_children,
    put_people,
    source_id,
)
from postduif.campaign.audience.values import Stored
from postduif.campaign.database import transaction

CHUNK = 5000
"""Rows of one transaction: some 100 ms, in which nobody else can write."""

MAX_REFUSED = 1000
"""Lines that a trial keeps the reasons of."""

_Row = tuple[int, list[str]]


class _Taken(NamedTuple):
    line: int
    row: Person | Child
    identity: str
    """What tells it from every other row; "": it is like no other."""


class _Sorted(NamedTuple):
    """A chunk, with what becomes of each row."""

    run: Run
    write: list[_Taken]
    """Rows whose values go on file."""
    members: list[str]
    """Everybody who is meant by the file, known or not."""
    refused: list[Rejected]


class Import:
    """One file on its way in."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        link: SuppressionLink,
        plan: Plan,
        options: Options,
        clock: Callable[[], float],
    ) -> None:
        """Raises PostduifError when something that the options name is not there."""
        self._connection = connection
        self._link = link
        self._plan = plan
        self._options = options
        self._clock = clock
        self._intake = Intake(
            plan.columns,
            options.conventions,
            keep_invalid=options.keep_invalid and not options.collection,
            of_children=bool(options.collection),
        )
        self._collection = collection_named(connection, options.collection) if options.collection else None
        self._key = -1
        if self._collection and self._collection.key:
            if self._collection.key not in self._intake.names:
                raise AttributeFault(f"no column has the {self._collection.key} that tells these records apart")
            self._key = self._intake.names.index(self._collection.key)
        self._project = projects.named(connection, options.project) if options.project else None
        self._type: SubscriptionType | None = None
        self._source = options.source
        self.refused: list[Rejected] = []
        """The first lines that a trial rejected; a run has its log."""
        if options.subscribe:
            self._type = subscriptions.type_named(connection, options.subscribe)
            if not options.wording.strip():
                raise subscriptions.SubscriptionFault("say which wording these people agreed to: --wording TEXT")

    def trial(self) -> Iterator[Run]:
        """The same, and nothing is changed: how it would stand after each chunk."""
        self._connection.execute("DROP TABLE IF EXISTS temp.import_seen")
        self._connection.execute("CREATE TEMP TABLE import_seen (subject TEXT PRIMARY KEY) WITHOUT ROWID")
        run = Run(0, "", "", RunState.RUNNING, 0, 0, 0, 0, 0, self._clock(), None)
        for chunk in self._chunks(0):
            found = self._sorted(run, chunk, trial=True)
            run = found.run
            self.refused += found.refused[: MAX_REFUSED - len(self.refused)]
            seen = [(row.identity,) for row in found.write]
            self._connection.executemany("INSERT OR IGNORE INTO temp.import_seen VALUES (?)", seen)
            yield run
        yield run._replace(state=RunState.DONE)

    def run(self, file: str, digest: str) -> Iterator[Run]:
        """Take it in; how it stands after each chunk, all of it on disk. Raises ImportFault, sqlite3.Error."""
        with transaction(self._connection):
            for column in self._plan.columns:
                if column.new:
                    declare(self._connection, column.to, column.kind, column.heading, self._options.collection)
            self._source = self._options.source or file
            source = source_id(self._connection, "import", self._source)
            selection = self._selection()
            run = import_runs.begin(self._connection, file, digest, self._clock())
        for chunk in self._chunks(run.line):
            with transaction(self._connection):
                import_runs.see_alone(self._connection, run)
                run, rows, members, refused = self._sorted(run, chunk)
                self._put(rows)
                self._enroll(members, source, selection)
                import_runs.save(self._connection, run, refused)
            yield run
        with transaction(self._connection):
            import_runs.see_alone(self._connection, run)
            run = run._replace(state=RunState.DONE, ended=self._clock())
            import_runs.save(self._connection, run, ())
        yield run

    def _chunks(self, behind: int) -> Iterator[list[_Row]]:
        rows = iter(self._plan.sheet.lines())
        if self._plan.headed:
            next(rows, None)
        rest = (row for row in rows if row[0] > behind)
        while chunk := list(islice(rest, CHUNK)):
            yield chunk

    def _sorted(self, run: Run, chunk: Sequence[_Row], *, trial: bool = False) -> _Sorted:
        taken, refused = self._judged(chunk)
        known = self._known(taken, trial=trial)
        write: list[_Taken] = []
        members: list[str] = []
        counts = {Duplicates.UPDATE: 0, Duplicates.SKIP: 0, Duplicates.ERROR: 0}
        policy = Duplicates.SKIP if self._options.ad_hoc else self._options.duplicates
        added = 0
        for one in taken:
            if one.identity and one.identity in known:
                counts[policy] += 1
                if policy is Duplicates.ERROR:
                    refused.append(Rejected(one.line, one.row.subject, "known already"))
                    continue
                if policy is Duplicates.UPDATE:
                    write.append(one)
            else:
                added += 1
                known.add(one.identity)
                write.append(one)
            members.append(one.row.subject)
        stands = run._replace(
            line=chunk[-1][0],
            added=run.added + added,
            updated=run.updated + counts[Duplicates.UPDATE],
            skipped=run.skipped + counts[Duplicates.SKIP],
            rejected=run.rejected + len(refused),
        )
        return _Sorted(stands, write, members, sorted(refused))

    def _judged(self, chunk: Sequence[_Row]) -> tuple[list[_Taken], list[Rejected]]:
        read = self._intake.child if self._collection else self._intake.person
        taken: list[_Taken] = []
        refused: list[Rejected] = []
        for line, cells in chunk:
            try:
                row = read(cells)
                taken.append(_Taken(line, row, self._identity(row)))
            except RowFault as fault:
                refused.append(Rejected(line, fault.address, str(fault)))
        if gone := self._link.erased([subject for one in taken for subject in _addresses(one)]):
            refused += [Rejected(one.line, "", "this person was erased") for one in taken if gone & _addresses(one)]
            taken = [one for one in taken if not gone & _addresses(one)]
        if self._collection:
            people = existing(self._connection, [one.row.subject for one in taken])
            strangers = [one for one in taken if one.row.subject not in people]
            refused += [Rejected(one.line, one.row.subject, "nobody has this address") for one in strangers]
            taken = [one for one in taken if one.row.subject in people]
        return taken, refused

    def _identity(self, row: Person | Child) -> str:
        """Raises RowFault."""
        if not self._collection:
            return row.subject
        if not self._collection.key:
            return ""
        key = row.values[self._key]
        if key is None:
            raise RowFault(f"no {self._collection.key}", row.subject)
        return _child_identity(row.subject, key)

    def _known(self, taken: Sequence[_Taken], *, trial: bool) -> set[str]:
        subjects = list({one.row.subject for one in taken})
        if not self._collection:
            known = set(existing(self._connection, subjects))
        else:
            known = _known_children(self._connection, self._collection, subjects)
        if trial:
            query = "SELECT subject FROM temp.import_seen WHERE subject IN (SELECT value FROM json_each(?))"
            identities = json.dumps([one.identity for one in taken])
            known |= {subject for (subject,) in self._connection.execute(query, (identities,)).fetchall()}
        return known

    def _put(self, rows: Sequence[_Taken]) -> None:
        attributes = declared(self._connection, self._options.collection)
        names = self._intake.names
        columns = [attributes[name].column if name in attributes else name for name in names]
        now = self._clock()
        if self._collection:
            put_children(self._connection, self._collection, columns, [_child(one) for one in rows], now)
        else:
            put_people(self._connection, columns, [_person(one) for one in rows], now)

    def _enroll(self, subjects: Sequence[str], source: int, selection: Selection | None) -> None:
        """Put everybody where the options say, known or not."""
        now = self._clock()
        note_origin(self._connection, subjects, source, now)
        if not (selection or self._project or self._type):
            return
        contacts = list(existing(self._connection, subjects).values())
        if selection:
            selections.add_members(self._connection, selection, contacts, now)
        if self._project:
            projects.add(self._connection, self._project, contacts, self._options.role)
        if self._type and contacts:
            proof = Proof(now, self._options.wording, f"import {self._source}")
            subscriptions.confirm_all(self._connection, contacts, self._type, proof)

    def _selection(self) -> Selection | None:
        """The selection everybody goes into; made if it is not there."""
        name = self._options.selection
        return selections.static(self._connection, name, self._clock(), "made by an import") if name else None


def _known_children(connection: sqlite3.Connection, collection: Collection, subjects: Sequence[str]) -> set[str]:
    """The identities of all records that these people have."""
    if not collection.key:
        return set()
    query = (
        f'SELECT contact.subject, child."a_{collection.key}" FROM contact JOIN {collection.table} child '
        "ON child.contact = contact.id WHERE contact.subject IN (SELECT value FROM json_each(?))"
    )
    return {_child_identity(*row) for row in connection.execute(query, (json.dumps(subjects),)).fetchall()}


def _addresses(one: _Taken) -> set[str]:
    """Of the person, and of the record itself."""
    own = one.row.child_subject if isinstance(one.row, Child) else None
    return {one.row.subject, own} if own else {one.row.subject}


def _child_identity(subject: str, key: Stored) -> str:
    return f"{subject}\n{str(key).lower()}"


def _person(one: _Taken) -> Person:
    assert isinstance(one.row, Person)
    return one.row


def _child(one: _Taken) -> Child:
    assert isinstance(one.row, Child)
    return one.row
