"""The file of forms and answers, `data_dir/campaign/forms.sqlite`: what `postduif.campaign.database` says holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, path_of, run_script

_STEPS = Migrations("postduif.forms")
SCHEMA = Schema(
    "forms",
    _STEPS,
    frozenset(
        {
            *("0001 first", "0002 mailboxes", "0003 confirmations", "0004 responses", "0005 counts"),
            *("0006 responses since", "0007 again", "0008 each again"),
        }
    ),
)


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.forms")


@_STEPS(name="0002 mailboxes")
def _mailboxes(database: Database) -> None:
    """Whose mail it is, whatever tag the address has: mails are counted by that."""
    database.conn.execute("ALTER TABLE answer ADD COLUMN mailbox TEXT NOT NULL DEFAULT ''")
    database.conn.execute("UPDATE answer SET mailbox = subject")
    database.conn.execute("CREATE INDEX answer_mailbox ON answer (mailbox, at) WHERE mailbox <> ''")


@_STEPS(name="0003 confirmations")
def _confirmations(database: Database) -> None:
    """Sign-ups in the order in which they were confirmed, for those who follow them by number."""
    database.conn.execute(
        "CREATE TABLE confirmation (id INTEGER PRIMARY KEY AUTOINCREMENT, answer INTEGER NOT NULL UNIQUE)"
    )
    database.conn.execute(
        "CREATE TRIGGER answer_confirmed AFTER UPDATE OF confirmed ON answer "
        "WHEN OLD.confirmed IS NULL AND NEW.confirmed IS NOT NULL "
        "BEGIN INSERT INTO confirmation (answer) VALUES (NEW.id); END"
    )
    database.conn.execute(
        "CREATE TRIGGER answer_gone AFTER DELETE ON answer BEGIN DELETE FROM confirmation WHERE answer = OLD.id; END"
    )


@_STEPS(name="0004 responses")
def _responses(database: Database) -> None:
    """Mailings to who filled in a form. Of an answer: 0 for none, -1 while it waits, else which of them.

    mailing: its number; NULL while there is none yet, 0 when there will be none.
    """
    database.conn.execute("ALTER TABLE answer ADD COLUMN response INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("CREATE INDEX answer_response ON answer (response) WHERE response <> 0")
    database.conn.execute(
        "CREATE TABLE response (id INTEGER PRIMARY KEY, form TEXT NOT NULL, at REAL NOT NULL, mailing INTEGER)"
    )
    database.conn.execute("CREATE INDEX response_form ON response (form, at)")
    database.conn.execute("CREATE INDEX response_to_make ON response (id) WHERE mailing IS NULL")


@_STEPS(name="0005 counts")
def _counts(database: Database) -> None:
    """Counters that are only added to, begun with what there is."""
    counters = "".join(f", {one} INTEGER NOT NULL DEFAULT 0" for one in ("seen", "asked", "confirmed", "responses"))
    database.conn.execute(
        f"CREATE TABLE count (form TEXT NOT NULL, version INTEGER NOT NULL{counters}, "
        "PRIMARY KEY (form, version)) WITHOUT ROWID"
    )
    database.conn.execute(
        "INSERT INTO count (form, version, asked, confirmed, responses) SELECT form, version, sum(mailing = 0), "
        "sum(mailing = 0 AND confirmed IS NOT NULL), sum(mailing <> 0 AND NOT seed) FROM answer GROUP BY form, version"
    )


@_STEPS(name="0006 responses since")
def _responses_since(database: Database) -> None:
    """The newest mailing before the first try to make one; NULL: none yet. Of those that wait there may have been."""
    database.conn.execute("ALTER TABLE response ADD COLUMN since INTEGER")
    database.conn.execute("UPDATE response SET since = 0 WHERE mailing IS NULL")


@_STEPS(name="0007 again")
def _again(database: Database) -> None:
    """How often the mail that asks to confirm was asked for once more, and when last."""
    database.conn.execute("ALTER TABLE answer ADD COLUMN again INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE answer ADD COLUMN again_at REAL NOT NULL DEFAULT 0")


@_STEPS(name="0008 each again")
def _each_again(database: Database) -> None:
    """When each of these was asked for: what is older than a day does not count. They go with their answer."""
    database.conn.execute(
        "CREATE TABLE sent_again (answer INTEGER NOT NULL REFERENCES answer (id) ON DELETE CASCADE, "
        "number INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (answer, number)) WITHOUT ROWID"
    )
    database.conn.execute("INSERT INTO sent_again SELECT id, again, again_at FROM answer WHERE again > 0")
    database.conn.execute("ALTER TABLE answer DROP COLUMN again_at")


def forms(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)


def are_there(data_dir: Path) -> bool:
    """Whether there ever was a form, and so a file."""
    return path_of(data_dir, SCHEMA).exists()
