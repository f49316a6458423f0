"""What the values of recipients are called in templates."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from postduif.campaign.audience.attributes import Kind, declared

PREFIX = "customer."
"""`customer.name` is `name`."""


def named(connection: sqlite3.Connection, columns: Sequence[str]) -> dict[str, str]:
    """For each name, written as `mta.merge.names` does, which of a target's columns it is."""
    found = {}
    for column in columns:
        collection, _, attribute = column.rpartition(".")
        known = declared(connection, collection)
        a_list = attribute in known and known[attribute].kind is Kind.LIST
        name = f"{column}[]" if a_list else column
        found[name] = column
        if not collection:
            found[f"{PREFIX}{name}"] = column
    return found
