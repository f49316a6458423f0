"""Blocks of the disk that the queue file has before it needs them: on a full disk deliveries are recorded all the same.

What is committed is first in the write-ahead log. When the disk is full the log can begin anew in its own blocks only
after it has been copied into the file, and that must not need blocks either. So the file has blocks for every page
that is committed, and some more. Mail that would use up the rest is refused; removals and notifications may use it.
Where the file system cannot do that, everything is as without this.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sqlite3
from pathlib import Path

from postduif.queue.connection import PAGE_SIZE

FOR_LOG = 4 * 1024 * 1024
"""Octets that the log has from the start: room for some transactions, over and over."""
FOR_ENDS = 2 * 1024 * 1024
"""Octets of the file that new mail does not get."""
_STEP = 4 * 1024 * 1024  # octets taken at once, when there are so many
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE: the file's length says how many pages it has, and stays
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Blocks:
    """Of one queue file, for one process that writes it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        # It stays open as long as SQLite has the file open: closing it would drop the locks of the whole process.
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._log = path.with_name(path.name + "-wal")
        self._possible = True

    def prepare_log(self) -> None:
        """Have blocks for the log, if there are any."""
        log = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)  # SQLite locks another file for it
        try:
            self._take(log, FOR_LOG)
        finally:
            os.close(log)

    def prepare(self, opened: sqlite3.Connection, *, new_mail: bool) -> None:
        """Have blocks for all pages of the transaction that is open. Raises sqlite3.OperationalError, SQLITE_FULL."""
        if not self._possible:
            return
        (pages,) = opened.execute("PRAGMA page_count").fetchone()
        needed = pages * PAGE_SIZE + (FOR_ENDS if new_mail else 0)
        # A checkpoint takes away what is behind the last page, so it is looked at each time.
        if os.fstat(self._file).st_blocks * 512 >= needed:
            return
        if not self._take(self._file, needed + _STEP) and not self._take(self._file, needed):
            error = sqlite3.OperationalError("no blocks left on the disk")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    def close(self) -> None:
        """SQLite has closed the file."""
        os.close(self._file)

    def _take(self, descriptor: int, octets: int) -> bool:
        """False: there are not so many."""
        if _fallocate(descriptor, _KEEP_SIZE, 0, octets) == 0:
            return True
        if ctypes.get_errno() in _NO_ROOM:
            return False
        self._possible = False
        return True


_fallocate = ctypes.CDLL(None, use_errno=True).fallocate
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
