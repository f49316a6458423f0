"""The attribute in which people agree to be counted, where a mailing names one; their choice on the pages sets it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from postduif.campaign.audience.attributes import Attribute, Kind, declared
from postduif.campaign.audience.contacts import NoSuchContact, change
from postduif.campaign.content.draft import begun
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.preparing.values import PREFIX
from postduif.errors import PostduifError


def attribute(data_dir: Path, people: sqlite3.Connection, mailing: int) -> Attribute | None:
    """That of a mailing; None: it names none, or one that is no yes/no attribute of people."""
    try:
        with mailings(data_dir) as connection:
            name = begun(find(connection, mailing).draft.content).tracking_consent.strip()
    except PostduifError:  # no record of it any more
        return None
    found = declared(people).get(name.removeprefix(PREFIX))
    return found if found is not None and found.kind is Kind.BOOLEAN else None


def agrees(people: sqlite3.Connection, contact: int, asked: Attribute) -> bool:
    """Whether somebody said yes there."""
    query = f"SELECT {asked.column} FROM contact WHERE id = ?"  # noqa: S608  checked when it was declared
    row = people.execute(query, (contact,)).fetchone()
    return bool(row and row[0])


def agree(people: sqlite3.Connection, contact: int, asked: Attribute, *, counted: bool, now: float) -> None:
    """They say yes or no. Inside a transaction."""
    with contextlib.suppress(NoSuchContact):
        change(people, contact, {asked.name: "yes" if counted else "no"}, now)
