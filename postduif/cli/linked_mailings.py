"""The mailings that a selection or a project is a source of, listed with it."""

from __future__ import annotations

from pathlib import Path

import click

from postduif.campaign.database import path_of
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.listing import Entry, Filter, listed
from postduif.cli.tables import ago, table

MOST = 20


def linked_mailings(data_dir: Path, kind: str, name: str) -> list[Entry]:
    """The latest of them. `kind`: "selections" or "projects"."""
    if not path_of(data_dir, SCHEMA).exists():
        return []
    with mailings(data_dir) as connection:
        return listed(connection, Filter(linked=(kind, name), limit=MOST))


def print_linked(entries: list[Entry]) -> None:
    """Nothing when there are none."""
    if entries:
        click.echo()
        rows = [(one.number, one.name, one.state, ago(one.changed)) for one in entries]
        table(("mailing", "name", "state", "changed"), rows, empty="")
