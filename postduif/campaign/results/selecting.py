"""From a result to a selection or a project: the people in a state, or who did something, or excluded for a cause.

It can be said again: who is in it stays in it, and who has come to that state since comes too. Who was erased from the
audience is passed over.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.projects import Project
from postduif.campaign.audience.selections import Selection
from postduif.campaign.database import transaction
from postduif.campaign.results.people import Which, all_excluded, everybody
from postduif.campaign.results.tally import Tally


def select(audience: sqlite3.Connection, name: str, tally: Tally, which: Which, now: float) -> tuple[Selection, int]:
    """Put the people who are meant into the selection of that name, made if it is absent; says how many are new.

    Not inside a transaction. Raises SelectionFault when it is there and not static, or has no name.
    """
    return _put(audience, name, (one.contact for one in everybody(tally, which)), now)


def select_excluded(
    audience: sqlite3.Connection, name: str, tally: Tally, cause: str, now: float
) -> tuple[Selection, int]:
    """The same with those excluded, for that cause or, with "", for any."""
    return _put(audience, name, (one.contact for one in all_excluded(tally.connection, cause)), now)


def enrol(
    audience: sqlite3.Connection, name: str, role: str, tally: Tally, which: Which, now: float
) -> tuple[Project, int]:
    """Put the people who are meant into the project of that name, made if it is absent; says how many are new.

    Who is in it already gets the role, too. Not inside a transaction. Raises ProjectFault when it has no name.
    """
    found = array("q", (one.contact for one in everybody(tally, which)))
    with transaction(audience):
        names = {one.name.lower(): one for one in projects.listed(audience)}
        project = names.get(" ".join(name.split()).lower()) or projects.create(audience, name, now)
        projects.add(audience, project, found, role)
        after = projects.named(audience, project.name)
        return after, after.members - project.members


def _put(audience: sqlite3.Connection, name: str, contacts: Iterable[int], now: float) -> tuple[Selection, int]:
    found = array("q", contacts)  # read first: nobody else can write in the audience while it is changed
    with transaction(audience):
        selection = selections.static(audience, name, now)
        return selection, selections.add_members(audience, selection, found, now)
