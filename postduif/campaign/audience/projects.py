"""Projects: something that people take part in, each with a role. A mailing can go to everybody in one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from postduif.campaign.audience.condition.vocabulary import nearest
from postduif.errors import PostduifError


class Project(NamedTuple):
    """One project. `created` in seconds since the epoch."""

    id: int
    name: str
    note: str
    created: float
    members: int


class ProjectFault(PostduifError):  # noqa: N818  the name says what is the case
    """A project that is not there or cannot be so; the text names the remedy."""


class NoSuchProject(ProjectFault):
    """None has that id."""


_QUERY = (
    "SELECT id, name, note, created, (SELECT count(*) FROM project_member WHERE project = project.id) FROM project "
)


def listed(connection: sqlite3.Connection) -> list[Project]:
    """All, by name."""
    return [Project(*row) for row in connection.execute(_QUERY + "ORDER BY name").fetchall()]


def named(connection: sqlite3.Connection, name: str) -> Project:
    """The project of that name. Raises ProjectFault."""
    row = connection.execute(_QUERY + "WHERE name = ?", (name,)).fetchone()
    if not row:
        raise ProjectFault(
            f"there is no project {name!r}{nearest(name, tuple(one.name for one in listed(connection)))}"
        )
    return Project(*row)


def numbered(connection: sqlite3.Connection, number: int) -> Project:
    """The project of that id. Raises NoSuchProject."""
    row = connection.execute(_QUERY + "WHERE id = ?", (number,)).fetchone()
    if not row:
        raise NoSuchProject(f"there is no project {number} any more; the list shows those that there are")
    return Project(*row)


def create(connection: sqlite3.Connection, name: str, now: float, note: str = "") -> Project:
    """A new one. Inside a transaction. Raises ProjectFault."""
    name = _free(connection, name)
    connection.execute("INSERT INTO project (name, note, created) VALUES (?, ?, ?)", (name, note, now))
    return named(connection, name)


def describe(connection: sqlite3.Connection, project: Project, name: str, note: str) -> Project:
    """Another name and note. Whoever speaks of it by name does so still: `campaign.renaming`.

    Inside a transaction. Raises ProjectFault.
    """
    values = (_free(connection, name, project.id), note.strip(), project.id)
    connection.execute("UPDATE project SET name = ?, note = ? WHERE id = ?", values)
    return numbered(connection, project.id)


def delete(connection: sqlite3.Connection, project: Project) -> None:
    """Away with it; the people stay. Inside a transaction."""
    connection.execute("DELETE FROM project WHERE id = ?", (project.id,))


def add(connection: sqlite3.Connection, project: Project, contacts: Iterable[int], role: str) -> None:
    """Put people into it, or give them another role. Inside a transaction."""
    connection.executemany(
        "INSERT INTO project_member (project, contact, role) SELECT ?, id, ? FROM contact WHERE id = ? "
        "ON CONFLICT (project, contact) DO UPDATE SET role = excluded.role",
        ((project.id, role.strip(), contact) for contact in contacts),
    )


def remove(connection: sqlite3.Connection, project: Project, contacts: Iterable[int]) -> int:
    """Take people out of it. Returns how many were in it. Inside a transaction."""
    before = connection.total_changes
    rows = ((project.id, contact) for contact in contacts)
    connection.executemany("DELETE FROM project_member WHERE project = ? AND contact = ?", rows)
    return connection.total_changes - before


def members(connection: sqlite3.Connection, project: Project, after: int, limit: int) -> list[tuple[int, str, str]]:
    """Id, address and role of those in it, in the order of their ids, from behind `after`, at most `limit`."""
    query = (
        "SELECT contact.id, contact.email, role FROM project_member JOIN contact ON contact.id = contact "
        "WHERE project = ? AND contact > ? ORDER BY contact LIMIT ?"
    )
    return connection.execute(query, (project.id, after, limit)).fetchall()


def roles(connection: sqlite3.Connection, project: Project) -> list[tuple[str, int]]:
    """The roles in it, and how many have each; "" is none."""
    query = "SELECT role, count(*) FROM project_member WHERE project = ? GROUP BY role ORDER BY role"
    return connection.execute(query, (project.id,)).fetchall()


def _free(connection: sqlite3.Connection, name: str, mine: int = 0) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise ProjectFault("a project has a name of 1 to 200 characters; write one")
    if connection.execute("SELECT 1 FROM project WHERE name = ? AND id <> ?", (name, mine)).fetchone():
        raise ProjectFault(f"there is a project {name!r} already; choose another name")
    return name
