"""Tokens of the REST API. Each belongs to a person, and may do what both its scopes and that person's role allow."""

# ruff: noqa: S608  names of columns are constants; values are parameters

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from postduif.campaign.accounts import audit, people, secret
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount
from postduif.campaign.accounts.people import Person
from postduif.campaign.accounts.roles import GRANTS, SCOPES, Permission
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By

MAX_OF_ONE = 100
USED_EVERY = 60.0
"""Seconds between two notes that a token is in use."""
_FORM = re.compile(rf"pa_([0-9a-f]{{8}})_([A-Za-z0-9_-]{{{secret.LENGTH}}})")
_COLUMNS = "id, person, title, scopes, made, used"


class Token(NamedTuple):
    """What is known of one; not the token itself. Times are seconds since the epoch."""

    id: str
    """Names it: in the token, in lists, to revoke it. No secret."""
    person: str
    title: str
    """What it is for, in words of its owner."""
    scopes: frozenset[Permission]
    made: float
    used: float | None


class Bearer(NamedTuple):
    """Who calls with a token, and what it may."""

    person: Person
    token: Token

    def may(self, permission: Permission) -> bool:
        """Both the token and the person may."""
        return permission in self.token.scopes and permission in GRANTS[self.person.role]


def make(connection: sqlite3.Connection, name: str, title: str, scopes: Iterable[str], by: By) -> str:
    """A new token, shown now and never again. Raises AccountFault."""
    wanted = _scopes(scopes)
    text, id_ = secret.make(), secrets.token_hex(4)
    with transaction(connection):
        person = people.find(connection, name)
        if len(tokens_of(connection, person.name)) >= MAX_OF_ONE:
            raise AccountFault(f"{person.name} has {MAX_OF_ONE} tokens. Revoke some.")
        row = (id_, secret.hash_of(text), person.name, " ".join(title.split())[:100], " ".join(sorted(wanted)), by.now)
        connection.execute("INSERT INTO token (id, hashed, person, title, scopes, made) VALUES (?, ?, ?, ?, ?, ?)", row)
        audit.note(connection, by, "token.made", f"person {person.name}", f"{id_} for {', '.join(sorted(wanted))}")
    return f"pa_{id_}_{text}"


def tokens_of(connection: sqlite3.Connection, name: str = "") -> list[Token]:
    """Those of a person, or everybody's; the newest first."""
    where, values = ("WHERE person = ?", (name,)) if name else ("", ())
    rows = connection.execute(f"SELECT {_COLUMNS} FROM token {where} ORDER BY made DESC, id", values)
    return [_read(row) for row in rows]


def revoke(connection: sqlite3.Connection, id_: str, by: By, *, of: str = "") -> None:
    """Take one back; `of`: only if it is that person's. Raises NoSuchAccount."""
    with transaction(connection):
        row = connection.execute(
            "DELETE FROM token WHERE id = ? AND ? IN ('', person) RETURNING person", (id_, of)
        ).fetchone()
        if row is None:
            raise NoSuchAccount(f"There is no token {id_!r}.")
        audit.note(connection, by, "token.revoked", f"person {row[0]}", id_)


def bearer(connection: sqlite3.Connection, text: str, now: float) -> Bearer | None:
    """Who calls with this token. All that are wrong are told the same, in the same time."""
    match = _FORM.fullmatch(text)
    id_, hashed = (match[1], secret.hash_of(match[2])) if match else ("", secret.hash_of(text))
    row = connection.execute(f"SELECT {_COLUMNS}, hashed FROM token WHERE id = ?", (id_,)).fetchone()
    if row is None or not secrets.compare_digest(row[-1], hashed):
        return None
    token = _read(row[:-1])
    person = people.found(connection, token.person)
    if person is None or person.disabled:
        return None
    if token.used is None or now - token.used > USED_EVERY:
        connection.execute("UPDATE token SET used = ? WHERE id = ?", (now, token.id))
    return Bearer(person, token)


def _scopes(texts: Iterable[str]) -> frozenset[Permission]:
    wanted = set(texts)
    if not wanted or (unknown := wanted - SCOPES.keys()):
        named = repr(min(unknown)) if wanted else "none"
        raise AccountFault(f"The scopes of a token are {', '.join(sorted(SCOPES))}; given was {named}.")
    return frozenset(map(Permission, wanted))


def _read(row: tuple[str, str, str, str, float, float | None]) -> Token:
    id_, person, title, scopes, made, used = row
    return Token(id_, person, title, frozenset(map(Permission, scopes.split())), made, used)
