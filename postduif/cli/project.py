"""`postduif project`: what people take part in, and in which role."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from postduif.campaign.audience import projects
from postduif.campaign.audience.contacts import found
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.linked import linked_mailings, refuse_if_awaited
from postduif.campaign.renaming import describe_project
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import opened, told
from postduif.cli.linked_mailings import print_linked
from postduif.cli.options import config_option
from postduif.cli.tables import printable, table
from postduif.elapsed import ago

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
@json_option
def create(config_path: Path, name: str, note: str, *, as_json: bool) -> None:
    """Make a project."""
    with opened(config_path) as files, transaction(files.connection):
        made = projects.create(files.connection, name, files.now, note)
    told(made._asdict(), "", as_json=as_json)


@command.command
@config_option
@_name
@click.option("--name", "other", default="", help="The new name. Mailings and conditions that name it go on with it.")
@click.option("--note", default=None, help="The new note.")
@json_option
def change(config_path: Path, name: str, other: str, note: str | None, *, as_json: bool) -> None:
    """Give a project another name or note."""
    if not other and note is None:
        raise click.UsageError("what is to change? Give --name or --note")
    with opened(config_path) as files, transaction(files.connection):
        found = projects.named(files.connection, name)
        said, by = found.note if note is None else note, By(getpass.getuser(), files.now)
        made = describe_project(files.connection, files.data_dir, found, other or found.name, said, by)
    told(made._asdict(), "", as_json=as_json)


@command.command
@config_option
@_name
@click.option("--after", default=0, help="Only ids above this one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="People at most.")
@json_option
def show(config_path: Path, name: str, after: int, limit: int, *, as_json: bool) -> None:
    """A project, who is in it, and with which role."""
    with opened(config_path) as files:
        project = projects.named(files.connection, name)
        rows = projects.members(files.connection, project, after, limit)
        used = linked_mailings(files.data_dir, "projects", project.name)
    if as_json:
        people = [dict(zip(("id", "email", "role"), row, strict=True)) for row in rows]
        linked = [{"number": one.number, "name": one.name, "state": one.state} for one in used]
        print_json(project._asdict() | {"people": project.members, "members": people, "mailings": linked})
        return
    note = f", {project.note}" if project.note else ""
    click.echo(printable(f"{project.name}: {project.members:,}{note}"))
    table(("id", "e-mail", "role"), rows, empty="Nobody.")
    print_linked(used)


@command.command
@config_option
@_name
@_addresses
@click.option("--role", default="", help="Their role.")
@json_option
def add(config_path: Path, name: str, addresses: tuple[str, ...], role: str, *, as_json: bool) -> None:
    """Put people into a project, or give them another role."""
    with opened(config_path) as files, transaction(files.connection):
        ids = [found(files.connection, text) for text in addresses]
        projects.add(files.connection, projects.named(files.connection, name), ids, role)
        now = projects.named(files.connection, name)
    told(now._asdict(), "", as_json=as_json)


@command.command
@config_option
@_name
@_addresses
@json_option
def remove(config_path: Path, name: str, addresses: tuple[str, ...], *, as_json: bool) -> None:
    """Take people out of a project."""
    with opened(config_path) as files, transaction(files.connection):
        ids = [found(files.connection, text) for text in addresses]
        number = projects.remove(files.connection, projects.named(files.connection, name), ids)
    told({"removed": number}, f"{number:,} removed", as_json=as_json)


@command.command
@config_option
@_name
@json_option
def delete(config_path: Path, name: str, *, as_json: bool) -> None:
    """Away with a project; the people stay."""
    with opened(config_path) as files, transaction(files.connection):
        project = projects.named(files.connection, name)
        refuse_if_awaited(files.data_dir, "projects", project.name)
        projects.delete(files.connection, project)
    told({"deleted": project.name}, "", as_json=as_json)
