"""`postduif project`: what people take part in, and in which role."""

from __future__ import annotations

from pathlib import Path

import click

from postduif.campaign.audience import projects
from postduif.campaign.audience.contacts import found
from postduif.campaign.database import transaction
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import opened
from postduif.cli.linked_mailings import linked_mailings, print_linked
from postduif.cli.options import config_option
from postduif.cli.tables import ago, table

_name = click.argument("name")
_addresses = click.argument("addresses", nargs=-1, required=True)


@click.group
def command() -> None:
    """Projects and their members. A mailing can go to all of them, or to those with a role."""


@command.command("list")
@config_option
@json_option
def list_(config_path: Path, *, as_json: bool) -> None:
    """All projects."""
    with opened(config_path) as files:
        listed = projects.listed(files.connection)
    if as_json:
        print_json([one._asdict() for one in listed])
        return
    rows = [(one.name, one.members, one.note, ago(one.created)) for one in listed]
    table(("name", "members", "note", "since"), rows, empty="No projects.")


@command.command
@config_option
@_name
@click.option("--note", default="", help="What it is.")
def create(config_path: Path, name: str, note: str) -> None:
    """Make a project."""
    with opened(config_path) as files, transaction(files.connection):
        projects.create(files.connection, name, files.now, note)


@command.command
@config_option
@_name
@json_option
def show(config_path: Path, name: str, *, as_json: bool) -> None:
    """Who is in a project, and with which role."""
    with opened(config_path) as files:
        rows = projects.members(files.connection, projects.named(files.connection, name))
        used = linked_mailings(files.data_dir, "projects", name)
    if as_json:
        print_json([dict(zip(("id", "email", "role"), row, strict=True)) for row in rows])
    else:
        table(("id", "e-mail", "role"), rows, empty="Nobody.")
        print_linked(used)


@command.command
@config_option
@_name
@_addresses
@click.option("--role", default="", help="Their role.")
def add(config_path: Path, name: str, addresses: tuple[str, ...], role: str) -> None:
    """Put people into a project, or give them another role."""
    with opened(config_path) as files, transaction(files.connection):
        ids = [found(files.connection, text) for text in addresses]
        projects.add(files.connection, projects.named(files.connection, name), ids, role)


@command.command
@config_option
@_name
@_addresses
def remove(config_path: Path, name: str, addresses: tuple[str, ...]) -> None:
    """Take people out of a project."""
    with opened(config_path) as files, transaction(files.connection):
        ids = [found(files.connection, text) for text in addresses]
        number = projects.remove(files.connection, projects.named(files.connection, name), ids)
    click.echo(f"{number:,} removed")


@command.command
@config_option
@_name
def delete(config_path: Path, name: str) -> None:
    """Away with a project; the people stay."""
    with opened(config_path) as files, transaction(files.connection):
        projects.delete(files.connection, projects.named(files.connection, name))
