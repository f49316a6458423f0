"""What conditions may speak of: the attributes that are declared, and what every person has.

`Scope` is one table: contacts, or a kind of child records. `Vocabulary` is all of it, as the file has it at one moment.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from postduif.campaign.audience.attributes import Collection, Kind, collections, declared
from postduif.campaign.audience.condition.tokens import ConditionFault


class Known(NamedTuple):
    """A field: its SQL over its table, and the kind of its values.

    `time`: stored in seconds since the epoch, held against whole days (UTC). `lower`: stored in lower case.
    """

    sql: str
    kind: Kind
    time: bool = False
    lower: bool = False


class Selected(NamedTuple):
    """A selection that a condition may name."""

    id: int
    name: str
    kind: str
    condition: str


class Scope(NamedTuple):
    """A table that conditions are about."""

    what: str
    """As people say it."""
    fields: Mapping[str, Known]
    collection: Collection | None = None


class Vocabulary(NamedTuple):
    """All that can be named."""

    contacts: Scope
    children: Mapping[str, Scope]
    selections: Mapping[str, Selected]
    """By name in lower case."""
    listed: Mapping[str, tuple[str, ...]]
    """What there is of the other LISTS: sources, projects, types of mail."""


OF_CONTACTS = {
    "id": Known("contact.id", Kind.NUMBER),
    "email": Known("contact.subject", Kind.TEXT, lower=True),
    "domain": Known("substr(contact.subject, instr(contact.subject, '@') + 1)", Kind.TEXT, lower=True),
    "name": Known("contact.name", Kind.TEXT),
    "language": Known("contact.language", Kind.TEXT),
    "created": Known("contact.created", Kind.DATE, time=True),
    "changed": Known("contact.changed", Kind.DATE, time=True),
}
"""What every contact has."""
LISTS = ("sources", "selections", "projects", "subscriptions")
"""Lists of names that every contact has, in other tables."""
FLAGS = ("valid", "bounced", "complained", "unsubscribed", "suppressed")
"""What is true of an address or not. All but the first are on the suppression list."""
_LISTED = {
    "sources": "SELECT DISTINCT name FROM source ORDER BY name",
    "projects": "SELECT name FROM project ORDER BY name",
    "subscriptions": "SELECT name FROM subscription_type ORDER BY name",
}
_ONE_OF = {"sources": "source", "projects": "project", "subscriptions": "type of mail"}


def vocabulary(connection: sqlite3.Connection) -> Vocabulary:
    """As the file has it now."""
    contacts = {one.name: Known(f"contact.{one.column}", one.kind) for one in declared(connection).values()}
    children = {}
    for name, collection in collections(connection).items():
        fields = {
            "created": Known("child.created", Kind.DATE, time=True),
            "changed": Known("child.changed", Kind.DATE, time=True),
            "email": Known("child.subject", Kind.TEXT, lower=True),
        }
        fields |= {one.name: Known(f"child.{one.column}", one.kind) for one in declared(connection, name).values()}
        children[name] = Scope(name, fields, collection)
    rows = connection.execute("SELECT id, name, kind, condition FROM selection").fetchall()
    selections = {name.lower(): Selected(id_, name, kind, condition) for id_, name, kind, condition in rows}
    others = {name: tuple(one for (one,) in connection.execute(query)) for name, query in _LISTED.items()}
    return Vocabulary(Scope("contacts", OF_CONTACTS | contacts), children, selections, others)


def known(scope: Scope, name: str, at: int) -> Known:
    """The field of that name. Raises ConditionFault, with the nearest name."""
    if found := scope.fields.get(name):
        return found
    others = () if scope.collection else (*LISTS, *FLAGS)
    raise ConditionFault(f"{scope.what} have no {name!r}{nearest(name, (*scope.fields, *others))}", at)


def listed(words: Vocabulary, of: str, name: str, at: int) -> str:
    """The source, project or type of mail, as it is on file. Raises ConditionFault, with the nearest name."""
    there = words.listed[of]
    for one in there:
        if one.lower() == name.lower():
            return one
    raise ConditionFault(f"there is no {_ONE_OF[of]} {name!r}{nearest(name, there)}", at)


def nearest(name: str, names: tuple[str, ...]) -> str:
    """`; did you mean ...?`, or what there is."""
    if near := difflib.get_close_matches(name, names, 1):
        return f'; did you mean "{near[0]}"?'
    return f"; there are {', '.join(names[:30])}" if names else "; there is none"
