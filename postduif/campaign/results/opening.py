"""The queue file of a mailing, wherever it is just now, opened for reading.

Before a mailing is handed over its file is the campaign's, in `campaign/prepared`; after that it is the MTA's, in
`mailings`. Both may be read at any time. Nothing is read from a directory that is still being written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postduif.errors import StoreError
from postduif.queue.connection import FILE_NAME
from postduif.queue.inspect import looking
from postduif.queue.mailing import EXTENSION, directory_of


class NoResults(StoreError):  # noqa: N818  the name says what is the case
    """The mailing has no queue file: it is not prepared, or its file was deleted."""


@contextlib.contextmanager
def opened(data_dir: Path, number: int) -> Iterator[sqlite3.Connection]:
    """A read-only connection. Raises StoreError when the file is gone, damaged, of a newer Postduif or no mailing's.

    What SQLite says inside the block comes out as StoreError too.
    """
    with looking(place_of(data_dir, number)) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if missing := sorted(set(EXTENSION.tables) - found):
            raise StoreError(f"the queue file of mailing {number} has no {missing[0]} table; prepare the mailing again")
        yield connection


@contextlib.contextmanager
def at_one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside is of one moment, whatever the MTA writes meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # SQLite itself ends it when the disk fails
            connection.execute("ROLLBACK")


def place_of(data_dir: Path, number: int) -> Path:
    """The directory that has it now. Raises StoreError when there is none."""
    after, before = directory_of(data_dir, number), data_dir / "campaign" / "prepared" / str(number)
    for directory in (after, before, after):  # it may be handed over between the first two looks
        if (directory / FILE_NAME).is_file():
            return directory
    raise NoResults(f"mailing {number} has no queue file, so it has no results; prepare it first")
