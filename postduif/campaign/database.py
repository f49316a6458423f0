"""A SQLite file of the campaign: private to our user, durable, brought up to this version when it is opened.

Each file is `data_dir/campaign/NAME.sqlite`. Every commit is on disk when it returns (WAL, synchronous=FULL), and what
is deleted is overwritten with zeros. Any number of processes may read it; one at a time writes, and the others wait
for it up to BUSY_TIMEOUT.

Steps of a schema are added at the end and never changed: the file notes the name of each that was made. All that are
missing are made together, or none.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database, Migrations

from postduif.errors import StoreError
from postduif.queue import directory

BUSY_TIMEOUT = 20.0
"""Seconds to wait for another writer. Nobody writes longer than a chunk of an import takes."""
PAGE_SIZE = 8192


class Schema(NamedTuple):
    """What a file has to have."""

    name: str
    """Of the file, without its ending."""
    steps: Migrations
    ours: frozenset[str]
    """Names of all steps of this version."""


def path_of(data_dir: Path, schema: Schema) -> Path:
    """Where the file is."""
    return data_dir / "campaign" / f"{schema.name}.sqlite"


@contextlib.contextmanager
def opened(data_dir: Path, schema: Schema) -> Iterator[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy.

    What SQLite says inside the block comes out as StoreError too.
    """
    path = path_of(data_dir, schema)
    directory.prepare(data_dir)
    directory.prepare(path.parent)
    _create(path)
    try:
        with contextlib.closing(_connect(path)) as connection:
            migrate(connection, schema)
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be used: {error}") from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is changed inside is on disk afterwards, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def empty_log(connection: sqlite3.Connection) -> None:
    """Into the file with all that is in its write-ahead log, so that what was erased stands in neither.

    Not inside a transaction. Raises StoreError when somebody reads the file meanwhile; the same again does it.
    """
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        (_, _, name) = connection.execute("PRAGMA database_list").fetchone()
        raise StoreError(f"somebody reads {name}, so its log still has what was erased; erase again in a moment")


def migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Make the steps that are missing, all together. Raises StoreError for a file of a newer version."""
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    _judge(database, schema)
    if not schema.steps.pending(database):
        return
    connection.execute("BEGIN IMMEDIATE")  # somebody else may be at it
    try:
        schema.steps.apply(database)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def run_script(database: Database, package: str) -> None:
    """Run the `schema.sql` of a package, statement by statement: `executescript` would commit what is open."""
    text = ""
    for line in resources.files(package).joinpath("schema.sql").read_text().splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            database.conn.execute(text)
            text = ""


def _judge(database: Database, schema: Schema) -> None:
    made = {step.name for step in schema.steps.applied(database)}
    if newer := made - schema.ours:
        raise StoreError(
            f"the {schema.name} file is of a newer Postduif ({', '.join(sorted(newer))}); install that one"
        )


def _create(path: Path) -> None:
    """An empty file of ours; SQLite gives its own files beside it the same mode."""
    if not directory.check_file(path):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            directory.sync(path.parent)
            directory.sync(path.parent.parent)  # the folder may be new, too


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -32768")
    except BaseException:
        connection.close()
        raise
    return connection
