"""The steps that make the tables of the audience's file, and bring one of an older version up to this one."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, run_script

_STEPS = Migrations("postduif.audience")
SCHEMA = Schema("audience", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.audience")
