"""The steps that make the tables of the audience's file, and bring one of an older version up to this one."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, run_script

_STEPS = Migrations("postduif.audience")
_NAMES = (
    *("0001 first", "0002 rejected lines by address", "0003 types that are offered", "0004 imports that ended"),
    "0005 imports that end twice",
)
SCHEMA = Schema("audience", _STEPS, frozenset(_NAMES))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.audience")


@_STEPS(name="0002 rejected lines by address")
def _rejected_lines_by_address(database: Database) -> None:
    """They are shown with each person, and erased with them."""
    database.conn.execute("CREATE INDEX import_rejected_address ON import_rejected (address)")


@_STEPS(name="0003 types that are offered")
def _offered(database: Database) -> None:
    """Whether every reader finds it on the preference page."""
    database.conn.execute("ALTER TABLE subscription_type ADD COLUMN offered INTEGER NOT NULL DEFAULT 1")


@_STEPS(name="0004 imports that ended")
def _imports_that_ended(database: Database) -> None:
    """In that order, for those who follow them by number."""
    database.conn.execute(
        "CREATE TABLE import_end (number INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL UNIQUE "
        "REFERENCES import_run (id) ON DELETE CASCADE)"
    )
    database.conn.execute("INSERT INTO import_end (run) SELECT id FROM import_run WHERE state = 'done' ORDER BY ended")
    database.conn.execute(
        "CREATE TRIGGER import_ended AFTER UPDATE OF state ON import_run "
        "WHEN OLD.state <> 'done' AND NEW.state = 'done' BEGIN INSERT INTO import_end (run) VALUES (NEW.id); END"
    )


@_STEPS(name="0005 imports that end twice")
def _imports_that_end_twice(database: Database) -> None:
    """A run that somebody set going again after its end keeps the number of its first end, and can end again."""
    database.conn.execute("DROP TRIGGER import_ended")
    database.conn.execute(
        "CREATE TRIGGER import_ended AFTER UPDATE OF state ON import_run "
        "WHEN OLD.state <> 'done' AND NEW.state = 'done' "
        "BEGIN INSERT OR IGNORE INTO import_end (run) VALUES (NEW.id); END"
    )
