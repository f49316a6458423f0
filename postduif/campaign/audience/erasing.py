"""A person is erased: everything that is on file about them here goes, the history and the proofs included.

The suppression list is told first, by the caller (`postduif contact erase`): it keeps a hash that refuses mail and
cannot be read back, so that no later list brings them back. What is deleted here is overwritten in the file, and the
write-ahead log is emptied, so that nothing of it can be read from the disk's file afterwards.
"""

from __future__ import annotations

import sqlite3

from postduif.campaign.audience.attributes import collections
from postduif.campaign.database import empty_log, transaction


def subjects_of(connection: sqlite3.Connection, contact: int) -> list[str]:
    """Every address that is on file of a person, as subjects: their own, and those of their child records."""
    found = [row[0] for row in connection.execute("SELECT subject FROM contact WHERE id = ?", (contact,)).fetchall()]
    for one in collections(connection).values():
        query = f"SELECT subject FROM {one.table} WHERE contact = ? AND subject IS NOT NULL"  # noqa: S608
        found += [row[0] for row in connection.execute(query, (contact,)).fetchall()]
    return list(dict.fromkeys(found))


def erased(connection: sqlite3.Connection, text: str) -> int | None:
    """The number of #ID, who is no more; None: it is no number, or nobody ever had it."""
    if not (text.startswith("#") and text[1:].isdigit() and text.isascii()):
        return None
    number = int(text[1:19])
    query = "SELECT 1 FROM sqlite_sequence WHERE name = 'contact' AND ? BETWEEN 1 AND seq"
    return number if connection.execute(query, (number,)).fetchone() else None


def erase(connection: sqlite3.Connection, contact: int | None, subjects: list[str]) -> bool:
    """Erase a person, and what the addresses left elsewhere: on lists of addresses, in logs of imports.

    Returns whether there was anything. Not inside a transaction. Raises StoreError when the log cannot be emptied, as
    a rule before anything is gone; the same again does it.
    """
    empty_log(connection)
    before = connection.total_changes
    with transaction(connection):
        if contact is not None:  # everything else goes with it: ON DELETE CASCADE
            connection.execute("DELETE FROM contact WHERE id = ?", (contact,))
        for subject in subjects:
            connection.execute("DELETE FROM selection_address WHERE subject = ?", (subject,))
            connection.execute("DELETE FROM import_rejected WHERE address = ?", (subject,))
    changed = connection.total_changes > before
    empty_log(connection)
    return changed
