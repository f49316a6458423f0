"""One person: found, shown with everything that is known, entered or changed by hand."""

# ruff: noqa: S608  names in statements are checked when they are declared; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from postduif.campaign.audience.attributes import AttributeFault, Kind, collections, declared
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.upsert import Person, note_origin, put_people, source_id
from postduif.campaign.audience.values import Shown, Stored, ValueFault, read, shown, written
from postduif.errors import AddressError, PostduifError

BUILT_IN = ("name", "language")


class ContactFault(PostduifError):  # noqa: N818  the name says what is the case
    """A person who is not there or cannot be so; the text names the remedy."""


class NoSuchContact(ContactFault):
    """Nobody has that id."""


def key_of(text: str) -> str:
    """The subject of an address as people write it; of one that is none what it is filed under."""
    try:
        return check(text).subject
    except AddressError:
        return invalid_key(text)


def invalid_key(text: str) -> str:
    """What somebody is filed under whose address is none: no subject begins with a space."""
    return f" {text.strip().lower()}"


def find(connection: sqlite3.Connection, text: str) -> int | None:
    """The id of the person with that address, or of #ID; None: nobody is known so."""
    if text.startswith("#") and text[1:].isdigit() and text[1:].isascii():
        row = connection.execute("SELECT id FROM contact WHERE id = ?", (int(text[1:19]),)).fetchone()
    else:
        row = connection.execute("SELECT id FROM contact WHERE subject = ?", (key_of(text),)).fetchone()
    return int(row[0]) if row else None


def found(connection: sqlite3.Connection, text: str) -> int:
    """The same. Raises ContactFault when nobody is known so."""
    id_ = find(connection, text)
    if id_ is None:
        raise ContactFault(f"nobody is known as {text}; `postduif contact list` shows who is")
    return id_


def profile(connection: sqlite3.Connection, contact: int) -> dict[str, Any]:
    """Everything that is known of a person, as JSON can have it: what they may see. Raises NoSuchContact."""
    fixed = ("id", "email", "subject", "invalid", "name", "language", "created", "changed")
    row = connection.execute(f"SELECT {', '.join(fixed)} FROM contact WHERE id = ?", (contact,)).fetchone()
    if row is None:
        raise NoSuchContact(f"nobody is #{contact} any more; the list of contacts shows who is")
    person = dict(zip(fixed, row, strict=True))
    return {
        **person,
        "attributes": _attributes(connection, "contact", "id", contact)[0][1],
        "records": {
            name: [fixed_ | values for fixed_, values in _attributes(connection, one.table, "contact", contact, name)]
            for name, one in collections(connection).items()
        },
        **{name: _rows(connection, query, contact, person["subject"]) for name, query in _OF_PERSON.items()},
    }


def texts(connection: sqlite3.Connection, contact: int) -> dict[str, str]:
    """What can be changed of a person, by name, as people write it; `change` takes it back."""
    known = declared(connection)
    columns = dict.fromkeys(BUILT_IN, Kind.TEXT) | {one.column: one.kind for one in known.values()}
    row = connection.execute(f"SELECT {', '.join(columns)} FROM contact WHERE id = ?", (contact,)).fetchone()
    cells = [written(kind, value) for kind, value in zip(columns.values(), row, strict=True)]
    return dict(zip((*BUILT_IN, *known), cells, strict=True))


def brief(connection: sqlite3.Connection, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Id, address, name, language, why the address is none, and since when: what a list shows of these people."""
    query = (
        "SELECT id, email, name, language, invalid, created FROM contact "
        "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    return connection.execute(query, (json.dumps(ids),)).fetchall()


def save(
    connection: sqlite3.Connection, email: str, given: Mapping[str, str], now: float, kind: str, source: str
) -> int:
    """Enter somebody, or set what is given; an empty text empties. Returns the id. Inside a transaction.

    `kind` and `source` say where it comes from: hand, form or api. Raises AddressError and ContactFault.
    """
    address = check(email)
    values = _values(connection, given)
    put_people(connection, (), [Person(address.email, address.subject, "", ())], now)
    id_ = found(connection, email)
    _set(connection, id_, values, now)
    note_origin(connection, [address.subject], source_id(connection, kind, source), now)
    return id_


def change(connection: sqlite3.Connection, contact: int, given: Mapping[str, str], now: float) -> list[str]:
    """Set what is given of somebody who is known; an empty text empties. Returns the names of what is another now.

    Inside a transaction. Raises ContactFault and AttributeFault.
    """
    values = _values(connection, given)
    if not values:
        return []
    row = connection.execute(f"SELECT {', '.join(values)} FROM contact WHERE id = ?", (contact,)).fetchone()
    if row is None:
        raise NoSuchContact(f"nobody is #{contact} any more; the list of contacts shows who is")
    pairs = zip(given, values.items(), row, strict=True)
    changed = [(name, column, value) for name, (column, value), before in pairs if value != before]
    _set(connection, contact, {column: value for _, column, value in changed}, now)
    return [name for name, _, _ in changed]


def see_values(connection: sqlite3.Connection, given: Mapping[str, str]) -> None:
    """Return if `change` would take them. Raises ContactFault and AttributeFault."""
    _values(connection, given)


def _set(connection: sqlite3.Connection, contact: int, values: Mapping[str, Stored], now: float) -> None:
    if values:
        columns = ", ".join(f"{column} = ?" for column in values)
        connection.execute(f"UPDATE contact SET changed = ?, {columns} WHERE id = ?", (now, *values.values(), contact))


def _values(connection: sqlite3.Connection, given: Mapping[str, str]) -> dict[str, Stored]:
    """By column, as they are stored, in the order given."""
    known = declared(connection)
    values: dict[str, Stored] = {}
    for name, text in given.items():
        if name not in known and name not in BUILT_IN:
            raise AttributeFault(f"there is no attribute {name!r}; there are {', '.join((*BUILT_IN, *known))}")
        attribute = known.get(name)
        try:
            values[attribute.column if attribute else name] = read(attribute.kind if attribute else Kind.TEXT, text)
        except ValueFault as fault:
            raise ContactFault(f"{name}: {fault}") from None
    return values


def correct(connection: sqlite3.Connection, contact: int, email: str, now: float) -> None:
    """Another address for the same person. Inside a transaction. Raises AddressError and ContactFault."""
    address = check(email)
    other = find(connection, address.email)
    if other not in (None, contact):
        raise ContactFault(f"{address.email} is #{other} already; erase one of the two, or leave it so")
    connection.execute(
        "UPDATE contact SET email = ?, subject = ?, invalid = '', changed = ? WHERE id = ?", (*address, now, contact)
    )


def _attributes(
    connection: sqlite3.Connection, table: str, key: str, contact: int, collection: str = ""
) -> list[tuple[dict[str, Any], dict[str, Shown]]]:
    """For each row of the person: what every child record has, and the attributes."""
    known = declared(connection, collection)
    columns = "".join(f", {one.column}" for one in known.values())
    rows = connection.execute(f"SELECT id, email, created, changed{columns} FROM {table} WHERE {key} = ?", (contact,))
    return [
        (
            dict(zip(("id", "email", "created", "changed"), row[:4], strict=True)),
            {name: shown(one.kind, value) for (name, one), value in zip(known.items(), row[4:], strict=True)},
        )
        for row in rows.fetchall()
    ]


def _rows(connection: sqlite3.Connection, query: str, contact: int, subject: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query, {"contact": contact, "subject": subject})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_OF_PERSON = {
    "sources": "SELECT kind, name, at FROM origin JOIN source ON source.id = source WHERE contact = :contact "
    "ORDER BY at",
    "selections": "SELECT name FROM selection_member JOIN selection ON selection.id = selection "
    "WHERE contact = :contact UNION ALL SELECT name FROM selection_address JOIN selection ON selection.id = selection "
    "WHERE subject = :subject",
    "projects": "SELECT name, role FROM project_member JOIN project ON project.id = project WHERE contact = :contact",
    "subscriptions": "SELECT type, state, since FROM subscription WHERE contact = :contact",
    "consent": "SELECT type, event, at, origin, wording, source FROM consent WHERE contact = :contact ORDER BY id",
    "rejected_lines": "SELECT file, import_rejected.line, reason FROM import_rejected "
    "JOIN import_run ON import_run.id = run WHERE address = :subject",
}
