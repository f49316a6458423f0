"""Child records of one person: entered, changed and taken away by hand."""

# ruff: noqa: S608  names in statements are checked when they are declared; values are parameters

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from postduif.campaign.audience.attributes import AttributeFault, Collection, declared
from postduif.campaign.audience.contacts import ContactFault, NoSuchContact
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.upsert import Child, put_children
from postduif.campaign.audience.values import ValueFault, read


class NoSuchRecord(ContactFault):
    """The person has none of that id."""


def put(
    connection: sqlite3.Connection, contact: int, kind: Collection, given: Mapping[str, str], email: str, now: float
) -> int:
    """Enter one; of a kind with a key, one with that key is changed. Returns its id. Inside a transaction.

    `email`: its own address, "" for none. Raises AddressError, AttributeFault and ContactFault.
    """
    known = declared(connection, kind.name)
    if unknown := given.keys() - known.keys():
        raise AttributeFault(f"{kind.name} have no {min(unknown)!r}; they have {', '.join(known) or 'nothing'}")
    values = {}
    for name, text in given.items():
        try:
            values[name] = read(known[name].kind, text)
        except ValueFault as fault:
            raise ContactFault(f"{name}: {fault}") from None
    if kind.key and values.get(kind.key) is None:
        raise ContactFault(f"the {kind.name} of a person are told apart by {kind.key}; give one")
    row = connection.execute("SELECT subject FROM contact WHERE id = ?", (contact,)).fetchone()
    if row is None:
        raise NoSuchContact(f"nobody is #{contact} any more; the list of contacts shows who is")
    own = check(email) if email else None
    child = Child(row[0], own and own.email, own and own.subject, tuple(values.values()))
    put_children(connection, kind, [known[name].column for name in values], [child], now)
    where = f"contact = ? AND {known[kind.key].column} = ?" if kind.key else "contact = ?"
    asked = (contact, values[kind.key]) if kind.key else (contact,)
    query = f"SELECT id FROM {kind.table} WHERE {where} ORDER BY id DESC LIMIT 1"
    return int(connection.execute(query, asked).fetchone()[0])


def remove(connection: sqlite3.Connection, contact: int, kind: Collection, id_: int) -> None:
    """Take one away. Inside a transaction. Raises NoSuchRecord."""
    query = f"DELETE FROM {kind.table} WHERE contact = ? AND id = ?"
    if not connection.execute(query, (contact, id_)).rowcount:
        raise NoSuchRecord(f"#{contact} has no {kind.name} {id_}; look at the person again")
