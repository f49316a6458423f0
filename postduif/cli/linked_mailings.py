"""The mailings that a selection or a project is a source of, listed with it."""

from __future__ import annotations

import click

from postduif.campaign.mailings.listing import Entry
from postduif.cli.tables import table
from postduif.elapsed import ago


def print_linked(entries: list[Entry]) -> None:
    """Nothing when there are none."""
    if entries:
        click.echo()
        rows = [(one.number, one.name, one.state, ago(one.changed)) for one in entries]
        table(("mailing", "name", "state", "changed"), rows, empty="")
