"""Two pairs of eyes: what one person wants to send, another agrees to. Off unless `[web] approval = true`.

Who wants to send asks; somebody else who may approve decides. A yes holds for one action on one version of what was
shown, and of a date or a rule for that one alone: who edits it, prepares it again or wants another date asks again. It
is used up by nothing; the version is what makes it old.
"""

# ruff: noqa: S608  names of columns are constants; values are parameters

from __future__ import annotations

import sqlite3
from enum import StrEnum
from typing import NamedTuple

from postduif.campaign.accounts import audit
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount, NotAllowed
from postduif.campaign.accounts.people import Person
from postduif.campaign.accounts.roles import Permission, who_may
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.stored import schedule_of, schedule_text
from postduif.campaign.mailings.words import schedule_words

SEND = "send"
_SCHEDULE = "schedule "
_COLUMNS = "id, subject, version, action, asked_by, asked, asked_words, verdict, decided_by, decided, decided_words"


class Verdict(StrEnum):
    """What came of it."""

    WAITS = ""
    YES = "yes"
    NO = "no"


class Subject(NamedTuple):
    """What is to be done, with what."""

    about: str
    """A noun and its name: "mailing 7"."""
    version: str
    """Differs as soon as what would be sent may differ: revision and preparation."""
    action: str
    """ "send", or "schedule" and behind it the whole schedule as it is on file."""

    @property
    def when(self) -> Schedule | None:
        """When it is to go; None: at once."""
        _, _, text = self.action.partition(" ")
        return schedule_of(text) if text else None

    @property
    def words(self) -> str:
        """The action, for people."""
        return f"schedule {schedule_words(self.when)}" if self.when else self.action


class Approval(NamedTuple):
    """One question and its answer; times are seconds since the epoch."""

    id: int
    subject: Subject
    asked_by: str
    asked: float
    asked_words: str
    verdict: Verdict
    decided_by: str
    decided: float | None
    decided_words: str


def version_of(mailing: Mailing) -> str:
    """Differs as soon as what would be sent may differ."""
    return f"{mailing.revision}.{mailing.run.preparation}"


def subject_of(mailing: Mailing, when: Schedule | None = None) -> Subject:
    """What a second person approves: that it is sent now, or that it goes then."""
    action = f"{_SCHEDULE}{schedule_text(when)}" if when else SEND
    return Subject(f"mailing {mailing.number}", version_of(mailing), action)


def ask(connection: sqlite3.Connection, subject: Subject, by: By) -> Approval:
    """Ask for it. What waits for an older version is replaced, and so is another date, or the same question."""
    with transaction(connection):
        older = "subject = ? AND verdict = '' AND (version <> ? OR (action = ?) = ?)"
        values = (subject.about, subject.version, SEND, subject.action == SEND)
        connection.execute(f"DELETE FROM approval WHERE {older}", values)
        row = connection.execute(
            "INSERT INTO approval (subject, version, action, asked_by, asked, asked_words) VALUES (?, ?, ?, ?, ?, ?) "
            f"RETURNING {_COLUMNS}",
            (*subject, by.who, by.now, by.words),
        ).fetchone()
        audit.note(connection, by, "approval.asked", subject.about, subject.words)
    return _read(row)


def decide(connection: sqlite3.Connection, id_: int, person: Person, verdict: Verdict, by: By) -> Approval:
    """Say yes or no. Raises NotAllowed for who may not, or asked it himself; AccountFault when somebody was first."""
    if not person.may(Permission.APPROVE):
        raise NotAllowed(f"To approve is for {who_may(Permission.APPROVE)}.")
    with transaction(connection):
        there = find(connection, id_)
        if there.asked_by == person.name:
            raise NotAllowed("You asked for this yourself. Another person decides.")
        if there.verdict is not Verdict.WAITS:
            raise AccountFault(f"{there.decided_by} said {there.verdict} already.")
        connection.execute(
            "UPDATE approval SET verdict = ?, decided_by = ?, decided = ?, decided_words = ? WHERE id = ?",
            (verdict.value, by.who, by.now, by.words, id_),
        )
        audit.note(connection, by, f"approval.{verdict}", there.subject.about, there.subject.words)
        return find(connection, id_)


def find(connection: sqlite3.Connection, id_: int) -> Approval:
    """Raises NoSuchAccount."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM approval WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NoSuchAccount(f"There is no request {id_} for approval; look at the mailing again.")
    return _read(row)


def latest(connection: sqlite3.Connection, subject: Subject) -> Approval | None:
    """The last question about this action on exactly this version."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM approval WHERE subject = ? AND version = ? AND action = ? ORDER BY id DESC LIMIT 1",
        subject,
    ).fetchone()
    return _read(row) if row else None


def last_dated(connection: sqlite3.Connection, mailing: Mailing) -> Approval | None:
    """The last question about a date for exactly this version of it."""
    about, version, _ = subject_of(mailing)
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM approval WHERE subject = ? AND version = ? AND action <> ? ORDER BY id DESC LIMIT 1",
        (about, version, SEND),
    ).fetchone()
    return _read(row) if row else None


def waiting(connection: sqlite3.Connection, limit: int = 50) -> list[Approval]:
    """What waits for somebody, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM approval WHERE verdict = '' ORDER BY id LIMIT ?"
    return [_read(row) for row in connection.execute(sql, (limit,))]


def about(connection: sqlite3.Connection, noun: str, limit: int = 100) -> list[Approval]:
    """Everything that was asked about it ("mailing 7"), the latest first."""
    sql = f"SELECT {_COLUMNS} FROM approval WHERE subject = ? ORDER BY id DESC LIMIT ?"
    return [_read(row) for row in connection.execute(sql, (noun, limit))]


def see_approved(connection: sqlite3.Connection, subject: Subject) -> None:
    """Return if it may be done now; raises NotAllowed with what is missing. Asked only where approval is on."""
    there = latest(connection, subject)
    if there is None:
        raise NotAllowed(f"To {subject.words}, ask for approval by a second person first.")
    if there.verdict is Verdict.WAITS:
        raise NotAllowed(f"{there.asked_by} asked for approval; nobody has decided yet.")
    if there.verdict is Verdict.NO:
        raise NotAllowed(f"{there.decided_by} did not approve it: {there.decided_words or 'no reason was given'}.")


def _read(row: tuple[int, str, str, str, str, float, str, str, str, float | None, str]) -> Approval:
    id_, about, version, action, asked_by, asked, asked_words, verdict, decided_by, decided, decided_words = row
    subject = Subject(about, version, action)
    answer = (Verdict(verdict), decided_by, decided, decided_words)
    return Approval(id_, subject, asked_by, asked, asked_words, *answer)
