"""People who use the pages: made, changed, removed. The last administrator stays one."""

# ruff: noqa: S608  names of columns are constants; values are parameters

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from postduif.campaign.accounts import audit, password, shares
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount
from postduif.campaign.accounts.roles import GRANTS, Permission, Role
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By

MAX_TITLE = 100  # characters
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_COLUMNS = "name, title, role, disabled, made, signed_in, hashed <> ''"


class Person(NamedTuple):
    """One of them; times are seconds since the epoch."""

    name: str
    title: str
    role: Role
    disabled: bool
    made: float
    signed_in: float | None
    """Last time; None: never."""
    has_password: bool

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTS[self.role]


def everybody(connection: sqlite3.Connection) -> list[Person]:
    """All of them, by name."""
    return [_read(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM person ORDER BY name")]


def found(connection: sqlite3.Connection, name: str) -> Person | None:
    """The person of that name."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM person WHERE name = ?", (name.lower(),)).fetchone()
    return _read(row) if row else None


def find(connection: sqlite3.Connection, name: str) -> Person:
    """The person of that name. Raises NoSuchAccount."""
    person = found(connection, name)
    if person is None:
        raise NoSuchAccount(f"There is nobody named {name!r}.")
    return person


def add(connection: sqlite3.Connection, name: str, title: str, role: Role, by: By) -> Person:
    """A new person, without a password: a link signs in the first time. Raises AccountFault."""
    name = name.lower()
    if not _NAME.fullmatch(name):
        raise AccountFault("A name is 1 to 64 letters, digits and . _ @ + -, and begins with a letter or digit.")
    with transaction(connection):
        if found(connection, name):
            raise AccountFault(f"There is a {name!r} already. Choose another name.")
        row = (name, _title(title, name), "", role.value, by.now)
        connection.execute("INSERT INTO person (name, title, hashed, role, made) VALUES (?, ?, ?, ?, ?)", row)
        audit.note(connection, by, "person.added", f"person {name}", f"as {role}")
        return find(connection, name)


def change(connection: sqlite3.Connection, person: Person, by: By) -> None:
    """Store title, role and whether disabled. Who is disabled is signed out, and what they share ends.

    Raises AccountFault.
    """
    with transaction(connection):
        before = find(connection, person.name)
        if person.disabled or person.role is not Role.ADMINISTRATOR:
            _spare_the_last(connection, before)
        row = (_title(person.title, person.name), person.role.value, person.disabled, person.name)
        connection.execute("UPDATE person SET title = ?, role = ?, disabled = ? WHERE name = ?", row)
        if person.disabled:
            _sign_out(connection, person.name)
            shares.end(connection, person.name, by)
        if words := _difference(before, person):
            audit.note(connection, by, "person.changed", f"person {person.name}", words)


def remove(connection: sqlite3.Connection, name: str, by: By) -> None:
    """With sessions, links, tokens and what they share; what the audit trail says of it stays. Raises AccountFault."""
    with transaction(connection):
        person = find(connection, name)
        _spare_the_last(connection, person)
        connection.execute("DELETE FROM person WHERE name = ?", (person.name,))
        shares.end(connection, person.name, by)
        audit.note(connection, by, "person.removed", f"person {person.name}", f"was {person.role}")


def set_password(connection: sqlite3.Connection, name: str, new: str, by: By) -> None:
    """A new password; everybody who is signed in under that name has to sign in again. Raises AccountFault."""
    person = find(connection, name)
    hashed = password.hashed(new, person.name)
    with transaction(connection):
        connection.execute("UPDATE person SET hashed = ? WHERE name = ?", (hashed, person.name))
        _sign_out(connection, person.name)
        audit.note(connection, by, "person.password", f"person {person.name}", "a new password")


def right_password(connection: sqlite3.Connection, name: str, given: str) -> Person | None:
    """The person, if it may sign in with it. Anything wrong takes the same time. Raises AccountFault when too busy."""
    row = connection.execute("SELECT hashed FROM person WHERE name = ?", (name.lower(),)).fetchone()
    is_right = password.right(row[0] if row else "", given)
    person = found(connection, name)
    return person if is_right and person and not person.disabled else None


def _sign_out(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM session WHERE person = ?", (name,))
    connection.execute("DELETE FROM link WHERE person = ?", (name,))


def _spare_the_last(connection: sqlite3.Connection, person: Person) -> None:
    if person.role is not Role.ADMINISTRATOR or person.disabled:
        return
    sql = "SELECT count(*) FROM person WHERE role = ? AND NOT disabled AND name <> ?"
    if not connection.execute(sql, (Role.ADMINISTRATOR.value, person.name)).fetchone()[0]:
        raise AccountFault(f"{person.name} is the only administrator. Make somebody else one first.")


def _difference(before: Person, after: Person) -> str:
    words = []
    if before.role is not after.role:
        words.append(f"{before.role} became {after.role}")
    if before.disabled != after.disabled:
        words.append("disabled" if after.disabled else "enabled")
    if before.title != after.title:
        words.append(f"called {after.title}")
    return ", ".join(words)


def _title(title: str, name: str) -> str:
    return " ".join(title.split())[:MAX_TITLE] or name


def _read(row: tuple[str, str, str, int, float, float | None, int]) -> Person:
    name, title, role, disabled, made, signed_in, has_password = row
    return Person(name, title, Role(role), bool(disabled), made, signed_in, bool(has_password))
