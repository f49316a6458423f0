"""Who was meant and gets nothing, as the queue file of a preparation has it. Reads only."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.preparing.places import Places
from postduif.errors import StoreError
from postduif.queue.inspect import looking


class LeftOut(NamedTuple):
    """One of them. Those of a person with several child records are several."""

    id: int
    contact: int
    child: int
    address: str
    cause: str


def excluded(places: Places, number: int, cause: str = "", after: int = 0, limit: int = 1000) -> list[LeftOut]:
    """Those with that cause ("" is any), in the order of their ids, from behind `after`. Raises StoreError."""
    directory = places.handed_over(number)
    if not directory.exists():
        directory = places.prepared(number)
    if not directory.exists():
        raise StoreError(f"mailing {number} has no list of exclusions; prepare it: postduif mailing prepare {number}")
    query = (
        "SELECT id, contact, child, address, cause FROM excluded WHERE id > ? AND (? = '' OR cause = ?) "
        "ORDER BY id LIMIT ?"
    )
    with looking(directory) as connection:
        return [LeftOut(*row) for row in connection.execute(query, (after, cause, cause, limit))]
