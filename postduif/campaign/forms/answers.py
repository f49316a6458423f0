"""What people answered, from the moment that they press the button until the audience and the MTA have it.

Who signs up stays out of the audience until the link in the mail was followed: anybody can type any address.
Unconfirmed answers go when their link is over, and both kinds are bounded. A reader of a mailing has one answer to each
form; a later one takes its place.

A partial index is used only by a query that has its very condition: so `mailbox = ? AND mailbox <> ''`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postduif.campaign.audience.mail_address import mailbox_of
from postduif.campaign.database import empty_log, transaction
from postduif.campaign.forms.confirmation import LASTS, Link, digest
from postduif.campaign.forms.counting import add
from postduif.campaign.forms.form import FormFault
from postduif.errors import StoreError

MAILS = 3
"""Mails to one mailbox in DAY seconds, whoever types its address, with whatever tag, and wherever."""
DAY = 86400.0
MOST_UNCONFIRMED = 20_000
"""Answers of one form that wait for their link to be followed. Of more, the oldest go that had theirs for a DAY."""
MOST_KEPT = 500_000
"""Answers of one form; of more the oldest go, whose effect stays in the audience."""
TOGETHER = 1000

_COLUMNS = (
    "id, form, version, at, language, email, subject, types, content, origin, mailing, number, contact, mailed, "
    "refused, confirmed, confirmed_origin, done, again"
)


class Answer(NamedTuple):
    """One of them. Times are seconds since the epoch; None: not yet."""

    id: int
    form: str
    version: int
    """Of the form, as it was shown."""
    at: float
    language: str
    email: str
    """"" of a reader of a mailing."""
    subject: str
    types: tuple[str, ...]
    values: dict[str, str]
    """By attribute."""
    origin: str
    mailing: int
    """0: signed up."""
    number: int
    """In the mailing; -1: none."""
    contact: int
    """0: nobody, or not known yet."""
    mailed: float | None
    refused: str
    """Why no mail went out that asks for a confirmation."""
    confirmed: float | None
    confirmed_origin: str
    done: float | None
    again: int
    """How often its mail was asked for once more."""

    @property
    def link(self) -> Link:
        """What the link in the mail says."""
        return Link(self.id, int(self.at + LASTS), digest(self.subject, json.dumps(self.types)))

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.done is not None:
            return "taken over"
        if self.confirmed is not None:
            return "confirmed"
        return "no mail sent" if self.refused else "waits for the link"


class New(NamedTuple):
    """What was posted."""

    form: str
    version: int
    at: float
    language: str
    email: str
    subject: str
    types: tuple[str, ...]
    values: dict[str, str]
    origin: str


def sign_up(connection: sqlite3.Connection, new: New) -> bool:
    """Keep it; a mail is sent soon. False: to a mailbox that got MAILS in a day nothing is, and nothing is kept.

    On disk when it returns. Raises StoreError when too many wait that came within a DAY.
    """
    with transaction(connection):
        mailbox = mailbox_of(new.subject)
        if _mails(connection, mailbox, new.at) >= MAILS:
            return False
        if unconfirmed(connection, new.form) >= MOST_UNCONFIRMED and not _make_room(connection, new):
            raise StoreError(f"{MOST_UNCONFIRMED} answers to the form {new.form} wait for a confirmation")
        connection.execute(
            "INSERT INTO answer (form, version, at, language, email, subject, types, content, origin, mailbox) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*new[:6], json.dumps(new.types), json.dumps(new.values), new.origin, mailbox),
        )
        add(connection, new.form, new.version, "asked")
    return True


def _mails(connection: sqlite3.Connection, mailbox: str, now: float) -> int:
    """Mails to that mailbox in a DAY, each counted from when it was asked for."""
    of_mailbox = "answer.mailbox = ?1 AND answer.mailbox <> '' AND answer.mailing = 0"
    first = f"SELECT count(*) FROM answer WHERE {of_mailbox} AND at > ?2"  # noqa: S608  a constant
    again = f"SELECT count(*) FROM answer JOIN sent_again ON answer = id WHERE {of_mailbox} AND sent_again.at > ?2"  # noqa: S608
    return int(connection.execute(f"SELECT ({first}) + ({again})", (mailbox, now - DAY)).fetchone()[0])


def waiting(connection: sqlite3.Connection, subject: str, now: float) -> list[Answer]:
    """Sign-ups of that address whose link can still be followed."""
    query = "WHERE subject = ? AND subject <> '' AND confirmed IS NULL AND mailing = 0 ORDER BY id"
    return [one for one in _rows(connection, query, (subject,)) if now <= one.link.until]


def ask_again(connection: sqlite3.Connection, id_: int, now: float) -> Answer:
    """The mail with the link of that answer goes once more, soon; the link and its end stay as they are.

    Raises FormFault: it waits for no link, or its mailbox got MAILS in a day. On disk when it returns.
    """
    with transaction(connection):
        found = find(connection, id_)
        if found is None or found not in waiting(connection, found.subject, now):
            raise FormFault("this sign-up does not wait for its link any more; they can sign up again")
        if found.mailed is None:  # it is about to go
            return found
        if _mails(connection, mailbox_of(found.subject), now) >= MAILS:
            raise FormFault(f"this mailbox was sent {MAILS} mails in a day; wait a day")
        connection.execute("UPDATE answer SET mailed = NULL, refused = '', again = again + 1 WHERE id = ?", (id_,))
        connection.execute("INSERT INTO sent_again VALUES (?, ?, ?)", (id_, found.again + 1, now))
    return found


def unconfirmed(connection: sqlite3.Connection, form: str) -> int:
    """How many of its answers wait for their link to be followed."""
    query = "SELECT count(*) FROM answer WHERE form = ? AND confirmed IS NULL"
    return int(connection.execute(query, (form,)).fetchone()[0])


def _make_room(connection: sqlite3.Connection, new: New) -> bool:
    """One goes for the new one, if any may."""
    oldest = "SELECT id FROM answer WHERE form = ? AND confirmed IS NULL AND mailed IS NOT NULL AND at < ?"
    query = f"DELETE FROM answer WHERE id = ({oldest} ORDER BY at LIMIT 1)"  # noqa: S608  constants
    return connection.execute(query, (new.form, new.at - DAY)).rowcount > 0


def respond(connection: sqlite3.Connection, new: New, mailing: int, number: int, *, seed: bool) -> None:
    """A reader's, in the place of one that he gave before. On disk when it returns. Raises StoreError.

    Who answered within a DAY before gets no second mail for it; if they wait for the first, they still do.
    """
    with transaction(connection):
        before = connection.execute(
            "DELETE FROM answer WHERE mailing = ? AND mailing <> 0 AND number = ? AND form = ? "
            "RETURNING at, response, contact",
            (mailing, number, new.form),
        ).fetchall()
        at, response, contact = before[0] if before else (new.at, 0, 0)
        if new.at >= at + DAY:
            response = 0
        connection.execute(
            "INSERT INTO answer (form, version, at, language, email, subject, types, content, origin, confirmed, "
            "mailing, number, seed, response, contact) VALUES (?, ?, ?, ?, '', '', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*new[:4], *map(json.dumps, new[6:8]), new.origin, new.at, mailing, number, seed, response, contact),
        )
        if not before and not seed:
            add(connection, new.form, new.version, "responses")


def of_link(connection: sqlite3.Connection, link: Link, now: float) -> Answer | None:
    """The answer that a link is for; None: its time is over, or it is gone, or it says something else."""
    found = find(connection, link.answer)
    if found is None or now > link.until or found.mailing or found.link.digest != link.digest:
        return None
    return found


def confirm(connection: sqlite3.Connection, answer: Answer, now: float, origin: str) -> None:
    """The link was followed, and the button pressed; once more changes nothing. On disk when it returns."""
    with transaction(connection):
        changed = connection.execute(
            "UPDATE answer SET confirmed = ?, confirmed_origin = ? WHERE id = ? AND confirmed IS NULL",
            (now, origin, answer.id),
        )
        if changed.rowcount:
            add(connection, answer.form, answer.version, "confirmed")


def find(connection: sqlite3.Connection, id_: int) -> Answer | None:
    """The answer with that id."""
    return next(_rows(connection, "WHERE id = ?", (id_,)), None)


def listed(connection: sqlite3.Connection, form: str, *, before: int = 0, limit: int = 50) -> list[Answer]:
    """Of one form, the newest first. `before`: only with smaller ids; 0: from the newest."""
    query = "WHERE form = ?1 AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3"
    return list(_rows(connection, query, (form, before, limit)))


def to_mail(connection: sqlite3.Connection) -> list[Answer]:
    """Those whose mail was not handed over yet."""
    query = "WHERE mailing = 0 AND mailed IS NULL AND confirmed IS NULL ORDER BY id LIMIT ?"
    return list(_rows(connection, query, (TOGETHER,)))


def to_do(connection: sqlite3.Connection, after: int = 0) -> list[Answer]:
    """Those that the audience has to have, in the order of their ids."""
    query = "WHERE confirmed IS NOT NULL AND done IS NULL AND id > ? ORDER BY id LIMIT ?"
    return list(_rows(connection, query, (after, TOGETHER)))


def since(connection: sqlite3.Connection, after: int, limit: int) -> list[Answer]:
    """Those behind that number, in the order in which they came."""
    return list(_rows(connection, "WHERE id > ? ORDER BY id LIMIT ?", (after, limit)))


def confirmed_since(connection: sqlite3.Connection, after: int, limit: int) -> list[tuple[int, Answer]]:
    """Sign-ups in the order in which they were confirmed, each with its number in that, from behind a number."""
    query = "SELECT answer, id FROM confirmation WHERE id > ? ORDER BY id LIMIT ?"
    numbers = dict(connection.execute(query, (after, limit)).fetchall())
    query = "WHERE id IN (SELECT value FROM json_each(?))"
    found = [(numbers[one.id], one) for one in _rows(connection, query, (json.dumps(list(numbers)),))]
    return sorted(found)


def mailed(connection: sqlite3.Connection, answer: Answer, now: float, refused: str = "") -> None:
    """Its mail was handed over, or cannot be: why."""
    connection.execute("UPDATE answer SET mailed = ?, refused = ? WHERE id = ?", (now, refused[:500], answer.id))


def done(connection: sqlite3.Connection, answer: Answer, contact: int, now: float, *, responds: bool) -> None:
    """The audience has it, as that person's. `responds`: the form has a mail for them.

    0: there is nobody any more. Erasing could not find this answer, so what it said goes here; it still counts.
    """
    waits = "iif(?2 = 0, 0, iif(?3 AND NOT seed AND response = 0, -1, response))"
    with transaction(connection):
        connection.execute(
            f"UPDATE answer SET done = ?1, contact = ?2, response = {waits} WHERE id = ?4",  # noqa: S608  a constant
            (now, contact, responds, answer.id),
        )
        if not contact:
            query = "UPDATE answer SET content = '{}', types = '[]', origin = '' WHERE id = ? AND NOT seed"
            connection.execute(query, (answer.id,))


def tidy(connection: sqlite3.Connection, now: float) -> None:
    """Away with what nobody will confirm any more, and with what is more than is kept."""
    for (form,) in connection.execute("SELECT name FROM form").fetchall():
        connection.execute(
            "DELETE FROM answer WHERE form = ? AND confirmed IS NULL AND at < ?", (form, now - LASTS - DAY)
        )
        connection.execute(
            "DELETE FROM answer WHERE form = ?1 AND done IS NOT NULL AND id <= "
            "(SELECT id FROM answer WHERE form = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (form, MOST_KEPT),
        )


def of_reader(connection: sqlite3.Connection, mailing: int, number: int) -> list[Answer]:
    """What one recipient of a mailing answered, in the order of time."""
    query = "WHERE mailing = ? AND mailing <> 0 AND number = ? ORDER BY at"
    return list(_rows(connection, query, (mailing, number)))


def of_person(connection: sqlite3.Connection, contact: int, subjects: Sequence[str]) -> list[Answer]:
    """All that a person answered, also what he did not confirm yet."""
    query = "WHERE (contact = ?1 AND contact <> 0) OR (subject <> '' AND subject IN (SELECT value FROM json_each(?2)))"
    return list(_rows(connection, f"{query} ORDER BY id", (contact, json.dumps(subjects))))


def forget(connection: sqlite3.Connection, contact: int | None, subjects: Sequence[str]) -> None:
    """All answers of a person go, out of the file's log, too. Raises StoreError; the same again does the rest."""
    found = of_person(connection, contact or 0, subjects)
    with transaction(connection):
        connection.executemany("DELETE FROM answer WHERE id = ?", [(one.id,) for one in found])
    empty_log(connection)


def _rows(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Iterator[Answer]:
    for row in connection.execute(f"SELECT {_COLUMNS} FROM answer {where}", values).fetchall():  # noqa: S608  constants
        one = Answer(*row)
        yield one._replace(types=tuple(json.loads(row[7])), values=json.loads(row[8]))
