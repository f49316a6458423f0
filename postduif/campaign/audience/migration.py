"""The steps that make the tables of the audience's file, and bring one of an older version up to this one."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, run_script

_STEPS = Migrations("postduif.audience")
_NAMES = ("0001 first", "0002 rejected lines by address", "0003 types that are offered")
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
