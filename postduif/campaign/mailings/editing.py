"""Making mailings and changing what they say. Each function is one transaction and gives
back the mailing as it is then.

An edit is made to the revision that its author saw; whoever saw an older one is refused (Overtaken) and loses nothing.
An edit of what was prepared makes it a draft again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection

from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By, change, note
from postduif.campaign.mailings.fault import MailingFault, NotNow
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import MAX_NAME, Draft, Mailing, State, judge
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.stored import Columns, draft_columns
from postduif.mta.merge.message import MAX_ATTACHED, MAX_FILES

ARCHIVED, BROUGHT_BACK = "archive", "bring back"
"""Actions of rows of the history that change no state."""
_AT_REST = (State.DRAFT, State.FAILED, State.PREPARED, State.STOPPED, State.FINISHED)


def create(
    connection: sqlite3.Connection, draft: Draft, streams: Collection[str], by: By, *, template: bool = False
) -> Mailing:
    """A new one. `streams` are those of the configuration. Raises MailingFault."""
    judge(draft, streams)
    with transaction(connection):
        return insert(connection, draft, by, template=template)


def clone(connection: sqlite3.Connection, seen: Mailing, name: str, by: By, *, template: bool = False) -> Mailing:
    """A draft of the same content, target and files; of a template, a mailing; with `template`, a template.

    Schedule and results are not copied. Raises MailingFault.
    """
    judge(seen.draft._replace(name=name), {seen.draft.stream})
    with transaction(connection):
        source = find(connection, seen.number)
        words = by._replace(words=by.words or f"from {'template' if source.template else 'mailing'} {source.number}")
        made = insert(connection, source.draft._replace(name=name), words, template=template)
        copy_files(connection, source, made)
        return find(connection, made.number)


def edit(connection: sqlite3.Connection, seen: Mailing, draft: Draft, streams: Collection[str], by: By) -> Mailing:
    """Other words, other people. Raises MailingFault, NotNow and Overtaken."""
    judge(draft, streams)
    fields = [name for name in Draft._fields if getattr(draft, name) != getattr(seen.draft, name)]
    with transaction(connection):
        return _edit(connection, seen, by, ", ".join(fields), draft_columns(draft))


def attach(connection: sqlite3.Connection, seen: Mailing, name: str, content: bytes, by: By) -> Mailing:
    """A file of that name, in the place of one that had it. An edit: raises as `edit` does."""
    if not name or len(name) > MAX_NAME or not name.isprintable() or "/" in name:
        raise MailingFault(f"a file has a name of 1 to {MAX_NAME} characters without /; give it another")
    others = [file for file in seen.files if file.name != name]
    if len(others) >= MAX_FILES or sum(file.size for file in others) + len(content) > MAX_ATTACHED:
        raise MailingFault(
            f"a mailing has at most {MAX_FILES} files of {MAX_ATTACHED // 1_000_000} MB together; leave some out"
        )
    digest = hashlib.sha256(content).hexdigest()
    with transaction(connection):
        _edit(connection, seen, by, f"file {name}")
        connection.execute("INSERT OR IGNORE INTO file (hash, content) VALUES (?, ?)", (digest, content))
        connection.execute("INSERT OR REPLACE INTO mailing_file VALUES (?, ?, ?)", (seen.number, name, digest))
        _drop_unused(connection)
        return find(connection, seen.number)


def detach(connection: sqlite3.Connection, seen: Mailing, name: str, by: By) -> Mailing:
    """Without the file of that name. An edit: raises as `edit` does."""
    if name not in {file.name for file in seen.files}:
        raise MailingFault(f"mailing {seen.number} has no file {name!r}; read it again")
    with transaction(connection):
        _edit(connection, seen, by, f"without file {name}")
        connection.execute("DELETE FROM mailing_file WHERE mailing = ? AND name = ?", (seen.number, name))
        _drop_unused(connection)
        return find(connection, seen.number)


def delete(connection: sqlite3.Connection, seen: Mailing, by: By) -> None:
    """Away with a draft. Its number is not used again, and its history stays. Raises NotNow and Overtaken."""
    with transaction(connection):
        change(connection, seen, Action.DELETE, by._replace(words=by.words or seen.draft.name), {})
        connection.execute("DELETE FROM mailing WHERE number = ?", (seen.number,))
        _drop_unused(connection)


def remark(connection: sqlite3.Connection, number: int, by: By) -> None:
    """A line in the history, of what changes no state: a proof was sent. Raises MailingFault."""
    with transaction(connection):
        note(connection, number, by)


def archive(connection: sqlite3.Connection, number: int, by: By, *, away: bool = True) -> Mailing:
    """Put it away, or back into the lists. What it says and does stays the same. Raises MailingFault and NotNow."""
    with transaction(connection):
        seen = find(connection, number)
        if away and seen.state not in _AT_REST:
            raise NotNow(f"mailing {number} is {seen.state}; only what is at rest is archived")
        if seen.archived is not away:
            note(connection, number, by, ARCHIVED if away else BROUGHT_BACK)
            connection.execute("UPDATE mailing SET archived = ? WHERE number = ?", (away, number))
        return find(connection, number)


def insert(
    connection: sqlite3.Connection, draft: Draft, by: By, *, template: bool = False, parent: int | None = None
) -> Mailing:
    """A new draft, which has been judged. Inside a transaction."""
    columns = draft_columns(draft) | {
        "state": State.DRAFT.value,
        "template": template,
        "parent": parent,
        "reason": by.words,
        "created": by.now,
        "created_by": by.who,
        "changed": by.now,
        "changed_by": by.who,
    }
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    cursor = connection.execute(f"INSERT INTO mailing ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608
    assert cursor.lastrowid
    made = find(connection, cursor.lastrowid)
    after = decide(made._replace(state=State.ABSENT), Action.CREATE)
    note(connection, made.number, by, Action.CREATE, State.ABSENT, after)
    return made


def copy_files(connection: sqlite3.Connection, source: Mailing, made: Mailing) -> None:
    """The files of one to the other. Inside a transaction."""
    connection.execute(
        "INSERT INTO mailing_file SELECT ?, name, hash FROM mailing_file WHERE mailing = ?",
        (made.number, source.number),
    )


def _edit(connection: sqlite3.Connection, seen: Mailing, by: By, what: str, columns: Columns | None = None) -> Mailing:
    told = by._replace(words=by.words or what)
    return change(connection, seen, Action.EDIT, told, (columns or {}) | {"revision": seen.revision + 1})


def _drop_unused(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM file WHERE hash NOT IN (SELECT hash FROM mailing_file)")
