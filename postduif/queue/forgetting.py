"""Takes a person out of the result of a mailing: what became of them stays, and who they were goes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

_OF = "COLLATE NOCASE IN (SELECT value FROM json_each(?))"


def forget(connection: sqlite3.Connection, addresses: Sequence[str]) -> int:
    """Blank these addresses, and what hosts said of them; returns how many rows had one. Inside a transaction.

    Who still waits for the mailing is left: they are refused, and are to be forgotten then.
    """
    given = json.dumps(list(addresses))
    connection.execute("PRAGMA secure_delete = ON")
    try:
        journal = connection.execute(f"UPDATE journal SET recipient = '', text = '' WHERE recipient {_OF}", (given,))  # noqa: S608
        excluded = connection.execute(f"UPDATE excluded SET address = '' WHERE address {_OF}", (given,))  # noqa: S608
    finally:
        connection.execute("PRAGMA secure_delete = OFF")
    return journal.rowcount + excluded.rowcount
