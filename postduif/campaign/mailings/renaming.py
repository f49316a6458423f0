"""Selections and projects that are called otherwise, in all mailings and templates that name them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from postduif.campaign.audience.condition.renaming import renamed
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings.changing import By, note
from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.stored import target_of

OVERTAKES = frozenset({State.DRAFT, State.FAILED, State.PLANNED, State.REPEATING})
"""Whoever has the form of one open is told, so that the old name does not come back. Of what was prepared the revision
stays: it goes to the same people, and what was approved still is."""


def rename(connection: sqlite3.Connection, kind: str, old: str, new: str, projects: Collection[str], by: By) -> None:
    """`kind`: "selections" or "projects"; `projects`: the names of all, in small letters.

    Inside a transaction. Raises NotNow when one is being prepared, and ConditionFault.
    """
    for number, state, text in connection.execute("SELECT number, state, target FROM mailing").fetchall():
        target = target_of(text)
        other = _renamed(target, kind, old, new, projects)
        if other == target:
            continue
        if state == State.PREPARING:
            raise NotNow(f"mailing {number} is being prepared for {old}; wait until it is")
        connection.execute(
            "UPDATE mailing SET target = ?, revision = revision + ? WHERE number = ?",
            (json.dumps(other._asdict()), State(state) in OVERTAKES, number),
        )
        note(connection, number, by._replace(words=f"{old} is called {new}"))


def _renamed(target: Spec, kind: str, old: str, new: str, projects: Collection[str]) -> Spec:
    target = target._replace(condition=renamed(target.condition, kind, old, new))
    if kind == "projects":
        return target._replace(projects=tuple(_project(one, old, new, projects) for one in target.projects))
    return target._replace(
        selections=tuple(new if one.lower() == old.lower() else one for one in target.selections),
        exclude_selections=tuple(new if one.lower() == old.lower() else one for one in target.exclude_selections),
    )


def _project(text: str, old: str, new: str, projects: Collection[str]) -> str:
    """NAME or NAME/ROLE, as `gathering` reads it."""
    if text.lower() == old.lower():
        return new
    name, slash, role = text.rpartition("/")
    return f"{new}/{role}" if slash and name.lower() == old.lower() and text.lower() not in projects else text
