"""Holds a mailing whose file nobody has open, so that a daemon that starts finds it held and sends nothing of it.

The file is the MTA's. While it runs, it alone writes it, and is asked; this is for when none runs. Who writes has the
lock of the file's directory, which the MTA takes before it opens the file.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postduif.errors import StoreError
from postduif.queue import connection, directory, mailing


def hold_closed(folder: Path, number: int, owner: str, reason: str, now: float) -> bool:
    """Place the hold that the MTA would, once. False: the MTA has the file open, so it is to be told.

    `now`: seconds since the epoch. Raises StoreError when the file cannot be written.
    """
    try:
        lock = directory.lock(folder)
    except StoreError:
        return False
    path = folder / connection.FILE_NAME
    try:
        with _as_left(path), contextlib.closing(connection.connect_writer(path)) as opened:
            opened.execute(_PLACE, {"stream": mailing.stream_of(number), "owner": owner, "reason": reason, "now": now})
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be written: {error}") from None
    finally:
        lock.release()
    return True


@contextlib.contextmanager
def _as_left(path: Path) -> Iterator[None]:
    """The log of a daemon that was killed stays beside the file, for the next one to see that it was."""
    log_file = path.with_name(path.name + "-wal")
    if log_file.exists() and log_file.stat().st_size:
        with contextlib.closing(connection.connect_reader(path)) as kept:
            kept.execute("SELECT 1 FROM hold").fetchone()
            yield
    else:
        yield


_PLACE = """
INSERT INTO hold (covers, stream, domain, owner, reason, placed_at, until)
SELECT 'queues', :stream, '', :owner, :reason, :now, NULL
WHERE NOT EXISTS (SELECT 1 FROM hold WHERE owner = :owner)
"""
