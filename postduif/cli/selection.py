"""`postduif selection`: who is meant, by a condition or one by one; and lists of addresses that are left out."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click

from postduif.campaign.audience import selections
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.contacts import found
from postduif.campaign.audience.counting import count, explain, members, size
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.selections import Selection, SelectionKind
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.linked import linked_mailings, refuse_if_awaited
from postduif.campaign.renaming import describe_selection
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import Opened, judged, meant, opened, pointed, told
from postduif.cli.linked_mailings import print_linked
from postduif.cli.options import config_option
from postduif.cli.tables import printable, table
from postduif.elapsed import ago
from postduif.errors import AddressError

SAID = 10
"""Lines of a file that are named one by one."""
_name = click.argument("name")
_addresses = click.argument("addresses", nargs=-1, required=True)


@click.group
def command() -> None:
    """Selections of people. A condition: country = "NL" and (age >= 18 or "vip" in tags) and not bounced.

    docs/audience.md has all that a condition can say.
    """


@command.command("list")
@config_option
@click.option("--count/--no-count", "counted", default=True, help="Ask how many there are in each.")
@json_option
def list_(config_path: Path, *, counted: bool, as_json: bool) -> None:
    """All selections."""
    with opened(config_path) as files:
        rows = [
            one._asdict() | {"people": _size(files, one) if counted else None}
            for one in selections.listed(files.connection)
        ]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "kind", "people", "condition", "note", "changed")
    cells = [tuple(ago(row[name]) if name == "changed" else row[name] for name in columns) for row in rows]
    table(columns, cells, empty="No selections.")


@command.command
@config_option
@_name
@click.option("--where", "condition", default="", help="The condition of a dynamic selection.")
@click.option("--addresses", is_flag=True, help="A list of addresses, which can only leave people out.")
@click.option("--note", default="", help="What it is for.")
@json_option
def create(config_path: Path, name: str, condition: str, note: str, *, addresses: bool, as_json: bool) -> None:
    """Make a selection: dynamic with --where, else static, and empty."""
    if condition and addresses:
        raise click.UsageError("a list of addresses has no condition")
    kind = SelectionKind.DYNAMIC if condition else SelectionKind.ADDRESSES if addresses else SelectionKind.STATIC
    with opened(config_path) as files:
        try:
            with transaction(files.connection):
                made = selections.create(files.connection, name, kind, files.now, condition, note)
        except ConditionFault as fault:
            raise pointed(fault, condition) from None
        people = _size(files, made)
    told(made._asdict() | {"people": people}, f"{made.name}: {made.kind}, {people:,}", as_json=as_json)


@command.command
@config_option
@_name
@click.option("--where", "condition", default="", help="The new condition of a dynamic one.")
@click.option("--name", "other", default="", help="The new name. Mailings and conditions that name it go on with it.")
@click.option("--note", default=None, help="The new note.")
@json_option
def change(config_path: Path, name: str, condition: str, other: str, note: str | None, *, as_json: bool) -> None:
    """Give a selection another condition, name or note."""
    if not condition and not other and note is None:
        raise click.UsageError("what is to change? Give --where, --name or --note")
    with opened(config_path) as files:
        try:
            with transaction(files.connection):
                found = selections.named(files.connection, name)
                if condition:
                    selections.change_condition(files.connection, found, condition, files.now)
                by = By(getpass.getuser(), files.now)
                said = found.note if note is None else note
                changed = describe_selection(files.connection, files.data_dir, found, other or found.name, said, by)
        except ConditionFault as fault:
            raise pointed(fault, condition) from None
        people = _size(files, changed)
    told(changed._asdict() | {"people": people}, f"{changed.name}: {people:,}", as_json=as_json)


@command.command
@config_option
@_name
@click.option("--after", default=0, help="Only ids above this one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="People at most.")
@json_option
def show(config_path: Path, name: str, after: int, limit: int, *, as_json: bool) -> None:
    """A selection, and who is in it."""
    with opened(config_path) as files:
        selection = selections.named(files.connection, name)
        people = _size(files, selection)
        listed = _addresses_of(files, selection, limit) or _people(files, selection, after, limit)
        used = linked_mailings(files.data_dir, "selections", selection.name)
    if as_json:
        linked = [{"number": one.number, "name": one.name, "state": one.state} for one in used]
        print_json(selection._asdict() | {"people": people, "members": listed, "mailings": linked})
        return
    condition = f" with {selection.condition}" if selection.condition else ""
    click.echo(printable(f"{selection.name}: {selection.kind}, {people:,}{condition}"))
    table(("id", "e-mail", "name"), [tuple(one.values()) for one in listed], empty="Nobody.")
    print_linked(used)


@command.command("count")
@config_option
@click.argument("name", default="")
@click.option("--where", "condition", default="", help="A condition, in the place of NAME.")
@json_option
def count_(config_path: Path, name: str, condition: str, *, as_json: bool) -> None:
    """How many there are in a selection, or with a condition.

    Without either, altogether.
    """
    with opened(config_path) as files:
        people = _counted(files, name, condition)
    told({"people": people}, str(people), as_json=as_json)


@command.command("explain")
@config_option
@click.argument("name", default="")
@click.option("--where", "condition", default="", help="A condition, in the place of NAME.")
@json_option
def explain_(config_path: Path, name: str, condition: str, *, as_json: bool) -> None:
    """What a selection or condition says, in plain words.

    Also as SQL, and what SQLite does with it.
    """
    with opened(config_path) as files:
        selection = selections.named(files.connection, name) if name else None
        text = selection.condition if selection else condition
        asked = meant(files, name, "") if name else judged(files, condition)
        said = explain(files.connection, text, asked, files.data_dir)
        people = count(files.connection, asked, files.data_dir)
    if as_json:
        print_json(said._asdict() | {"people": people})
        return
    click.echo(f"those of whom it is true that {said.words}" if text else said.words)
    click.echo(f"people: {people:,}\nSQL: {said.sql}\nvalues: {', '.join(map(repr, said.values))}")
    for step in said.plan:
        click.echo(f"plan: {step}")


@command.command
@config_option
@_name
@_addresses
@json_option
def add(config_path: Path, name: str, addresses: tuple[str, ...], *, as_json: bool) -> None:
    """Put people into a static selection, or addresses on a list.

    People are addresses or #ID.
    """
    with opened(config_path) as files, transaction(files.connection):
        selection = selections.named(files.connection, name)
        if selection.kind is SelectionKind.ADDRESSES:
            subjects = [check(text).subject for text in addresses]
            number = selections.add_addresses(files.connection, selection, subjects, files.now)
        else:
            ids = [found(files.connection, text) for text in addresses]
            number = selections.add_members(files.connection, selection, ids, files.now)
    told({"added": number}, f"{number:,} added", as_json=as_json)


@command.command
@config_option
@_name
@_addresses
@json_option
def remove(config_path: Path, name: str, addresses: tuple[str, ...], *, as_json: bool) -> None:
    """Take people out of a static selection, or addresses from a list."""
    with opened(config_path) as files, transaction(files.connection):
        selection = selections.named(files.connection, name)
        if selection.kind is SelectionKind.ADDRESSES:
            subjects = [check(text).subject for text in addresses]
            number = selections.remove_addresses(files.connection, selection, subjects, files.now)
        else:
            ids = [found(files.connection, text) for text in addresses]
            number = selections.remove_members(files.connection, selection, ids, files.now)
    told({"removed": number}, f"{number:,} removed", as_json=as_json)


@command.command("import")
@config_option
@_name
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
@json_option
def import_(config_path: Path, name: str, file: TextIO, *, as_json: bool) -> None:
    """Put the addresses in FILE, one a line, on a list of addresses. Exit status 1: some lines are none."""
    problems: list[str] = []
    with opened(config_path) as files, transaction(files.connection):
        selection = selections.named(files.connection, name)
        number = selections.add_addresses(files.connection, selection, _subjects(file, problems), files.now)
    told({"added": number, "problems": problems}, f"{number:,} added", as_json=as_json)
    for text in problems[:SAID] if not as_json else ():
        click.echo(f"postduif: {printable(text)}", err=True)
    if len(problems) > SAID and not as_json:
        click.echo(f"postduif: {len(problems) - SAID:,} more lines are no address; --json has them all", err=True)
    if problems:
        raise SystemExit(1)


@command.command
@config_option
@_name
@json_option
def delete(config_path: Path, name: str, *, as_json: bool) -> None:
    """Away with a selection; the people stay."""
    with opened(config_path) as files, transaction(files.connection):
        selection = selections.named(files.connection, name)
        refuse_if_awaited(files.data_dir, "selections", selection.name)
        selections.delete(files.connection, selection, files.now)
    told({"deleted": selection.name}, "", as_json=as_json)


def _counted(files: Opened, name: str, condition: str) -> int:
    """Of a list of addresses these; of everything else people."""
    if name and not condition:
        return _size(files, selections.named(files.connection, name))
    return count(files.connection, meant(files, name, condition), files.data_dir)


def _subjects(file: TextIO, problems: list[str]) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if text := line.strip().strip(",;\"'"):
            try:
                yield check(text).subject
            except AddressError as error:
                problems.append(f"line {number}: {text[:100]!r} is no address: {error}")


def _size(files: Opened, selection: Selection) -> int:
    return size(files.connection, selection, files.data_dir, files.now)


def _people(files: Opened, selection: Selection, after: int, limit: int) -> list[dict[str, Any]]:
    compiled = selections.compiled(files.connection, selection, files.now)
    ids = members(files.connection, compiled, files.data_dir, after, limit)
    return selections.brief(files.connection, ids)


def _addresses_of(files: Opened, selection: Selection, limit: int) -> list[dict[str, Any]]:
    if selection.kind is not SelectionKind.ADDRESSES:
        return []
    return [{"id": "", "email": one, "name": ""} for one in selections.addresses(files.connection, selection, limit)]
