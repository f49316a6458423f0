"""Somebody is erased: the targets of mailings that name them as a single person do so no more.

The history is never changed, so nothing ever writes an address of somebody in the audience there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from postduif.campaign.audience.contacts import key_of
from postduif.campaign.database import empty_log, transaction

_NAMED = ("persons", "exclude_addresses")


def forget(connection: sqlite3.Connection, contact: int | None, subjects: Collection[str]) -> list[int]:
    """Take them out of all targets; returns the numbers of the mailings that named them. Not inside a transaction.

    Raises StoreError when somebody reads the file, so that its log cannot be emptied; the same again does that.
    """
    changed = []
    with transaction(connection):
        for number, text in connection.execute("SELECT number, target FROM mailing").fetchall():
            target = json.loads(text)
            kept = {name: [one for one in target[name] if not _is(one, contact, subjects)] for name in _NAMED}
            if any(kept[name] != target[name] for name in _NAMED):
                connection.execute(
                    "UPDATE mailing SET target = ? WHERE number = ?", (json.dumps(target | kept), number)
                )
                changed.append(int(number))
    empty_log(connection)
    return changed


def _is(text: str, contact: int | None, subjects: Collection[str]) -> bool:
    return text == f"#{contact}" or key_of(text) in subjects
