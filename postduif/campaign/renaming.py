"""Another name and note for a selection or a project, with all that name it: conditions, mailings, templates, imports.

Mailings and files that wait stand elsewhere and are on disk first. Who is killed in between does the same again, which
does the rest.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from postduif.campaign.audience import projects, selections, uploads
from postduif.campaign.audience.projects import Project
from postduif.campaign.audience.selections import Selection
from postduif.campaign.database import path_of, transaction
from postduif.campaign.mailings import renaming
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA, mailings


def describe_selection(
    connection: sqlite3.Connection, data_dir: Path, one: Selection, name: str, note: str, by: By
) -> Selection:
    """Inside a transaction of the audience. Raises SelectionFault, ConditionFault and NotNow."""
    made = selections.describe(connection, one, name, note, by.now)
    _everywhere(connection, data_dir, "selections", one.name, made.name, by)
    return selections.numbered(connection, one.id)


def describe_project(
    connection: sqlite3.Connection, data_dir: Path, one: Project, name: str, note: str, by: By
) -> Project:
    """Inside a transaction of the audience. Raises ProjectFault, ConditionFault and NotNow."""
    made = projects.describe(connection, one, name, note)
    _everywhere(connection, data_dir, "projects", one.name, made.name, by)
    return made


def _everywhere(connection: sqlite3.Connection, data_dir: Path, kind: str, old: str, new: str, by: By) -> None:
    if old == new:
        return
    selections.rename_in_conditions(connection, kind, old, new, by.now)
    if path_of(data_dir, SCHEMA).exists():
        known = {one.name.lower() for one in projects.listed(connection)}
        with mailings(data_dir) as file, transaction(file):
            renaming.rename(file, kind, old, new, known, by)
    for upload in uploads.waiting(data_dir):
        one = upload.choices
        if kind == "selections" and one.selection.lower() == old.lower():
            uploads.save(data_dir, upload._replace(choices=one._replace(selection=new)), by.now)
        if kind == "projects" and one.project.lower() == old.lower():
            uploads.save(data_dir, upload._replace(choices=one._replace(project=new)), by.now)
