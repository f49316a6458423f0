"""Takes a person out of the result of a mailing: what became of them stays, and who they were goes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from postduif.attempt import Kind
from postduif.queue import columns
from postduif.queue.connection import overwriting

_OF = "COLLATE NOCASE IN (SELECT value FROM json_each(?))"


def forget(connection: sqlite3.Connection, addresses: Sequence[str]) -> int:
    """Blank these addresses, and what hosts said of them; returns how many rows had one. Inside a transaction.

    Who still waits for the mailing is left: when it is being sent they are refused, and are to be forgotten then.
    """
    given = json.dumps(list(addresses))
    with overwriting(connection):
        journal = connection.execute(f"UPDATE journal SET recipient = '', text = '' WHERE recipient {_OF}", (given,))  # noqa: S608
        excluded = connection.execute(f"UPDATE excluded SET address = '' WHERE address {_OF}", (given,))  # noqa: S608
    return journal.rowcount + excluded.rowcount


def forget_waiting(connection: sqlite3.Connection, addresses: Sequence[str], now: float) -> int:
    """The same in a file that nobody has open, with who waits: they leave it with a row that names nobody."""
    given = json.dumps(list(addresses))
    with overwriting(connection):
        connection.execute(_END_WAITING, (now, given))
        connection.execute(f"DELETE FROM recipient WHERE address {_OF}", (given,))  # noqa: S608  constants
    return forget(connection, addresses)


_END_WAITING = f"""
INSERT INTO journal ({columns.JOURNAL_COLUMNS})
SELECT ?, m.id, '', m.sender, m.stream, '', '{Kind.SUPPRESSED.value}', r.attempts, 0, '', '', '', '', '', '', '',
       m.before_queue, 0.0, 0.0, 0.0, m.size, m.message_id, r.id & 16777215, 'suppressed', ''
FROM recipient r JOIN message m ON m.id = r.id >> 24 WHERE r.address {_OF}
"""  # noqa: S608  constants
