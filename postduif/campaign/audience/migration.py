"""The file's tables, and how a file of an older version gets those of this one.

Steps are added at the end and never changed: the file notes the name of each that was made. Each is whole or not made.
"""

from __future__ import annotations

import sqlite3
from importlib import resources

from sqlite_utils import Database, Migrations

from postduif.errors import StoreError

STEPS = Migrations("postduif.audience")
OURS = {"0001 first"}
"""Names of all steps of this version."""


@STEPS(name="0001 first")
def _first(database: Database) -> None:
    for statement in _statements(resources.files("postduif.campaign.audience").joinpath("schema.sql").read_text()):
        database.conn.execute(statement)


def migrate(connection: sqlite3.Connection) -> None:
    """Make the steps that are missing, all together. Raises StoreError for a file of a newer version."""
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    _judge(database)
    if not STEPS.pending(database):
        return
    connection.execute("BEGIN IMMEDIATE")  # somebody else may be at it
    try:
        STEPS.apply(database)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _judge(database: Database) -> None:
    made = {step.name for step in STEPS.applied(database)}
    if newer := made - OURS:
        raise StoreError(f"the audience file is of a newer Postduif ({', '.join(sorted(newer))}); install that one")


def _statements(script: str) -> list[str]:
    """One by one: `executescript` would commit what is open."""
    found, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found
