"""What recipients are called in templates, and their values as the queue file keeps them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from operator import itemgetter

from postduif.campaign.audience.attributes import Kind, declared
from postduif.campaign.audience.target import Recipient
from postduif.campaign.content.draft import EMAIL
from postduif.mta.merged import packed

PREFIX = "customer."
"""`customer.name` is `name`."""


class Values:
    """Those of one target's columns."""

    def __init__(self, connection: sqlite3.Connection, columns: Sequence[str]) -> None:
        """`columns` are those of the target."""
        self._places: dict[str, int] = {EMAIL: -1, f"{PREFIX}{EMAIL}": -1}
        for place, column in enumerate(columns):
            collection, _, attribute = column.rpartition(".")
            known = declared(connection, collection)
            a_list = attribute in known and known[attribute].kind is Kind.LIST
            name = f"{column}[]" if a_list else column
            self._places[name] = place
            if not collection:
                self._places[f"{PREFIX}{name}"] = place
        self.names = frozenset(self._places)
        """As `mta.merge.names` writes them."""

    def picker(self, order: Sequence[str]) -> Callable[[Recipient], tuple[object, ...]]:
        """Picks the values of these names out of a recipient."""
        places = [self._places[name] for name in order]
        if len(places) < 2:
            return lambda recipient: tuple((*recipient.values, recipient.address)[place] for place in places)
        pick = itemgetter(*places)  # the address is the last
        return lambda recipient: pick((*recipient.values, recipient.address))

    def scope(self, recipient: Recipient) -> dict[str, object]:
        """All that is known of a recipient, by name."""
        return {
            name.removesuffix("[]"): recipient.values[place] if place >= 0 else recipient.address
            for name, place in self._places.items()
        }


__all__ = ["PREFIX", "Values", "packed"]
