"""Which addresses of one list stood there before, however long it is: exact, and in bounded memory.

Addresses are the same as they are on the suppression list: without regard to case. What memory does not hold is in a
file that SQLite makes, and removes at once, in `SQLITE_TMPDIR`, `TMPDIR` or /var/tmp: keyed hashes of 16 octets, no
addresses.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Sequence

from postduif.address import Address
from postduif.bounce.subject import of_address
from postduif.errors import StoreError

YOUNG = 10_000
"""Addresses in memory, about; more go to the file together, in order, which is how a B-tree takes them fastest."""
_CACHE = 2000  # KiB of the file in memory
_AT_ONCE = 500  # questions in one statement
_YOUNG_OCTETS = 120  # of one in memory


class Seen:
    """Of one list. Methods may be called in any thread, one at a time."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._young: set[bytes] = set()
        self._file: sqlite3.Connection | None = None

    def add(self, addresses: Sequence[Address]) -> list[bool]:
        """They are there from now on. For each: it was before. Raises StoreError when the file cannot be written."""
        marks = [self._mark(address) for address in addresses]
        known = self._known(marks)
        again = []
        for mark in marks:
            again.append(mark in known)
            if mark not in known:
                known.add(mark)
                self._young.add(mark)
        if len(self._young) > YOUNG:
            self._put_away()
        return again

    @property
    def held(self) -> int:
        """Octets in memory, about."""
        return _YOUNG_OCTETS * len(self._young) + (1024 * _CACHE if self._file else 0)

    def close(self) -> None:
        """Forget all; the file goes."""
        if self._file is not None:
            self._file.close()

    def _mark(self, address: Address) -> bytes:
        subject = of_address(address).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(subject, digest_size=16, key=self._key).digest()

    def _known(self, marks: Sequence[bytes]) -> set[bytes]:
        known = self._young.intersection(marks)
        if self._file is None:
            return known
        marks = sorted(marks)
        for at in range(0, len(marks), _AT_ONCE):
            some = marks[at : at + _AT_ONCE]
            asked = f"SELECT mark FROM seen WHERE mark IN ({','.join('?' * len(some))})"  # noqa: S608  question marks
            try:
                known.update(mark for (mark,) in self._file.execute(asked, some))
            except sqlite3.Error as error:
                raise StoreError(f"the addresses of a list: {error}") from None
        return known

    def _put_away(self) -> None:
        try:
            file = self._file = self._file or _made()
            file.execute("BEGIN")
            file.executemany("INSERT INTO seen VALUES (?)", ((mark,) for mark in sorted(self._young)))
            file.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"the addresses of a list: {error}") from None
        self._young.clear()


def _made() -> sqlite3.Connection:
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for word in (f"cache_size = -{_CACHE}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
        file.execute(f"PRAGMA {word}")
    file.execute("CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID")
    return file
