"""What can be known of people beyond name and address: attributes, declared with a kind, each a column of its own.

A column for each, and not one JSON text for all: over a million people a condition takes a tenth of the time, and the
file half the room (docs/audience.md). Child records (orders, machines, contacts at a firm) are attributes in a table of
their own. Names are checked here, so that they can stand in SQL between double quotes; nothing else of ours puts a name
into a statement.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from postduif.errors import PostduifError

MAX_ATTRIBUTES = 500
"""Of contacts, and of each collection; SQLite has room for 2,000 columns."""
MAX_NAME = 60

_RESERVED = (
    "id email name language created changed valid domain address contact customer sources selections projects "
    "subscriptions bounced complained unsubscribed suppressed and or not in any is empty contains starts ends with "
    "true false today now year month day"
)
RESERVED = frozenset(_RESERVED.split())
"""Words that mean something else in conditions and templates."""


class Kind(StrEnum):
    """What the values of an attribute are, and how they are stored."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    """As YYYY-MM-DD."""
    BOOLEAN = "boolean"
    """As 0 or 1."""
    LIST = "list"
    """Of words: each behind a line feed, and one at the end."""


_COLUMN = {
    Kind.TEXT: "TEXT COLLATE NOCASE",
    Kind.NUMBER: "NUMERIC",
    Kind.DATE: "TEXT",
    Kind.BOOLEAN: "INTEGER",
    Kind.LIST: "TEXT",
}


class Attribute(NamedTuple):
    """One that is declared."""

    name: str
    kind: Kind
    label: str
    """As people write it: the heading of its column in an export."""

    @property
    def column(self) -> str:
        """Its column, as it stands in SQL."""
        return f'"a_{self.name}"'


class Collection(NamedTuple):
    """A kind of child record."""

    name: str
    key: str
    """The attribute that tells the records of one person apart; "": none, each import adds new ones."""

    @property
    def table(self) -> str:
        """Its table, as it stands in SQL."""
        return f'"c_{self.name}"'


class AttributeFault(PostduifError):  # noqa: N818  the name says what is the case
    """An attribute or collection that cannot be so; the text names the remedy."""


def name_of(label: str) -> str:
    """The name that a label becomes: `E-mail (work)` is e_mail_work. "" when nothing of it can be one."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    name = re.sub(r"\W+", "_", folded).strip("_")[:MAX_NAME].rstrip("_")
    return name if name.isidentifier() else f"x_{name}" if f"x_{name}".isidentifier() and name else ""


def declared(connection: sqlite3.Connection, collection: str = "") -> dict[str, Attribute]:
    """The attributes of contacts, or of a collection, in the order of their declaration."""
    rows = connection.execute(
        "SELECT name, kind, label FROM attribute WHERE collection = ? ORDER BY place", (collection,)
    ).fetchall()
    return {name: Attribute(name, Kind(kind), label) for name, kind, label in rows}


def collections(connection: sqlite3.Connection) -> dict[str, Collection]:
    """The kinds of child records."""
    rows = connection.execute("SELECT name, key FROM collection ORDER BY name").fetchall()
    return {name: Collection(name, key) for name, key in rows}


def filled(connection: sqlite3.Connection, collection: str = "") -> dict[str, int]:
    """For each attribute, how many have a value. Raises AttributeFault."""
    known = declared(connection, collection)
    table = collection_named(connection, collection).table if collection else "contact"
    if not known:
        return {}
    counts = ", ".join(f"count({one.column})" for one in known.values())
    row = connection.execute(f"SELECT {counts} FROM {table}").fetchone()  # noqa: S608  names were checked
    return dict(zip(known, row, strict=True))


def rows_of(connection: sqlite3.Connection, collection: str = "") -> int:
    """How many people, or child records of that kind, there are. Raises AttributeFault."""
    table = collection_named(connection, collection).table if collection else "contact"
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def declare(connection: sqlite3.Connection, name: str, kind: Kind, label: str = "", collection: str = "") -> Attribute:
    """A new attribute, or the one that is there with the same kind. Inside a transaction. Raises AttributeFault."""
    known = declared(connection, collection)
    if name in known:
        if known[name].kind is not kind:
            raise AttributeFault(f"{name} is there already, as a {known[name].kind}; choose another name")
        return known[name]
    if not _good(name):
        raise AttributeFault(f"{name!r} cannot be a name; write one of letters, digits and _, as {_near(name)}")
    if len(known) >= MAX_ATTRIBUTES:
        raise AttributeFault(f"there are {MAX_ATTRIBUTES} attributes already; remove one")
    table = collection_named(connection, collection).table if collection else "contact"
    made = Attribute(name, kind, label or name)
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {made.column} {_COLUMN[kind]}")
    connection.execute(
        "INSERT INTO attribute (collection, name, kind, label, place) "
        "SELECT ?, ?, ?, ?, coalesce(max(place), 0) + 1 FROM attribute",
        (collection, name, kind.value, made.label),
    )
    return made


def remove(connection: sqlite3.Connection, name: str, collection: str = "") -> None:
    """Take an attribute away, with all its values. Inside a transaction. Raises AttributeFault."""
    known = declared(connection, collection)
    if name not in known:
        raise AttributeFault(f"there is no attribute {name!r}; there are {', '.join(known) or 'none'}")
    found = collection_named(connection, collection) if collection else None
    if found and found.key == name:
        raise AttributeFault(f"{name} tells the {collection} of a person apart; it stays")
    connection.execute(f"ALTER TABLE {found.table if found else 'contact'} DROP COLUMN {known[name].column}")
    connection.execute("DELETE FROM attribute WHERE collection = ? AND name = ?", (collection, name))


def declare_collection(connection: sqlite3.Connection, name: str, key: str = "", kind: Kind = Kind.TEXT) -> Collection:
    """A new kind of child record, or the one that is there. `key` becomes an attribute of that `kind`.

    Inside a transaction. Raises AttributeFault.
    """
    known = collections(connection)
    if name in known:
        if key not in ("", known[name].key):
            raise AttributeFault(
                f"the records of {name} are told apart by {known[name].key or 'nothing'}, not by {key}"
            )
        return known[name]
    if not _good(name):
        raise AttributeFault(f"{name!r} cannot be a name; write one of letters, digits and _, as {_near(name)}")
    made = Collection(name, key)
    connection.execute(
        f"CREATE TABLE {made.table} (id INTEGER PRIMARY KEY AUTOINCREMENT, contact INTEGER NOT NULL REFERENCES contact "
        "(id) ON DELETE CASCADE, email TEXT, subject TEXT, created REAL NOT NULL, changed REAL NOT NULL)"
    )
    connection.execute("INSERT INTO collection (name, key) VALUES (?, ?)", (name, key))
    column = declare(connection, key, kind, collection=name).column if key else ""
    unique, columns = ("UNIQUE", f"contact, {column}") if key else ("", "contact")
    connection.execute(f'CREATE {unique} INDEX "c_{name}_contact" ON {made.table} ({columns})')
    return made


def collection_named(connection: sqlite3.Connection, name: str) -> Collection:
    """The collection of that name. Raises AttributeFault."""
    known = collections(connection)
    if name not in known:
        raise AttributeFault(f"there are no child records {name!r}; there are {', '.join(known) or 'none'}")
    return known[name]


def _good(name: str) -> bool:
    return bool(name) and name == name_of(name) and name not in RESERVED


def _near(name: str) -> str:
    near = name_of(name)
    return f"my_{near or 'attribute'}" if near in RESERVED or not near else near
