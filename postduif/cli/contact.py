"""`postduif contact`: people and what is known of them."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from pathlib import Path

import click

from postduif.campaign import forgetting
from postduif.campaign.audience import attributes, contacts, exporting
from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.correcting import take_along
from postduif.campaign.audience.counting import members
from postduif.campaign.copying import copy_of
from postduif.campaign.database import transaction
from postduif.campaign.mailings.changing import By
from postduif.cli.asking import json_option, one_line_errors, print_json
from postduif.cli.audience_access import meant, opened, told
from postduif.cli.contact_import import import_, imports
from postduif.cli.options import config_option
from postduif.cli.private_output import private_output
from postduif.cli.suppression_access import suppression_list
from postduif.cli.tables import count, printable, table
from postduif.elapsed import ago

MAX_LISTED = 10_000
_selection = click.option("--selection", default="", help="Only those in this selection.")
_where = click.option("--where", "condition", default="", help="""Only those with this condition: 'country = "NL"'.""")


@click.group
def command() -> None:
    """People, and what is known of them.

    Addresses, names, attributes and child records of your own, where they came from, what they agreed to.

    An ADDRESS may be #ID, too.
    """


command.add_command(import_)
command.add_command(imports)


@command.command("list")
@config_option
@_selection
@_where
@click.option("--after", default=0, help="Only ids above this one.")
@click.option("--limit", type=click.IntRange(1, MAX_LISTED), default=100, show_default=True, help="People at most.")
@json_option
def list_(config_path: Path, selection: str, condition: str, after: int, limit: int, *, as_json: bool) -> None:
    """Who there is. To have everybody: postduif contact export."""
    with opened(config_path) as files:
        ids = members(files.connection, meant(files, selection, condition), files.data_dir, after, limit)
        if as_json:
            print_json([contacts.profile(files.connection, id_) for id_ in ids])
            return
        found = contacts.brief(files.connection, ids)
    rows = [(*fixed, ago(created)) for *fixed, created in found]
    table(("id", "e-mail", "name", "language", "invalid", "since"), rows, empty="Nobody.")


@command.command
@config_option
@click.argument("address")
@json_option
def show(config_path: Path, address: str, *, as_json: bool) -> None:
    """Everything that is known of one person.

    What is on the suppression list is in it.
    """
    with opened(config_path) as files:
        found = copy_of(files.connection, files.data_dir, contacts.found(files.connection, address))
    if as_json:
        print_json(found)
        return
    fixed = {name: value for name, value in found.items() if not isinstance(value, list | dict)}
    _print_fields(fixed | {f"  {name}": value for name, value in found["attributes"].items()})
    for name, records in found["records"].items():
        for record in records:
            click.echo(f"{name}:")
            _print_fields({f"  {key}": value for key, value in record.items()})
    for name in ("sources", "selections", "projects", "subscriptions", "consent", "rejected_lines", "suppression"):
        for row in found[name]:
            words = ", ".join(f"{key} {_text(key, value)}" for key, value in row.items() if value)
            click.echo(printable(f"{name}: {words}"))


@command.command("set")
@config_option
@click.argument("address")
@click.argument("values", nargs=-1)
@click.option("--email", "correction", default="", help="The new address of this person.")
@click.option("--source", default="", help="Who says so. Default: your login name.")
@json_option
def set_(
    config_path: Path, address: str, values: tuple[str, ...], correction: str, source: str, *, as_json: bool
) -> None:
    """Enter somebody, or change what is known.

    VALUES are NAME=TEXT; an empty text empties. Who does not want mail at the old address does not at a new one.
    """
    given = dict(_pair(text) for text in values)
    with opened(config_path) as files:
        if correction:
            contact = contacts.found(files.connection, address)
            with suppression_list(config_path) as answer:
                if said := take_along(files.connection, answer, contact, correction, getpass.getuser()):
                    click.echo(f"postduif: {said}", err=True)
        with transaction(files.connection):
            if correction:
                contacts.correct(files.connection, contacts.found(files.connection, address), correction, files.now)
                address = correction
            by = source or getpass.getuser()
            if address.startswith("#"):
                address = contacts.profile(files.connection, contacts.found(files.connection, address))["email"]
            id_ = contacts.save(files.connection, address, given, files.now, "hand", by)
    told({"id": id_}, f"#{id_}", as_json=as_json)


@command.command
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@_selection
@_where
@click.option("--person", default="", help="Everything of one person, as JSON: what they have a right to.")
@json_option
def export(config_path: Path, file: Path, selection: str, condition: str, person: str, *, as_json: bool) -> None:
    """Write people to FILE as CSV, or JSON.

    Default: standard output. An import takes the CSV back.
    """
    if person and (selection or condition):
        raise click.UsageError("everything of one person, or a list of people: leave --person or the others out")
    if person:
        with opened(config_path) as files:
            found = copy_of(files.connection, files.data_dir, contacts.found(files.connection, person))
        with one_line_errors(), private_output(file) as target:
            target.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    with opened(config_path) as files:
        asked = meant(files, selection, condition)
        with private_output(file) as target:
            write = exporting.write_json if as_json else exporting.write_csv
            write(target, files.connection, asked, files.data_dir)


@command.command
@config_option
@click.argument("addresses", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept with the hash that stays.")
@json_option
def erase(config_path: Path, addresses: tuple[str, ...], reason: str, *, as_json: bool) -> None:
    """Erase people: all that is on file about them goes. A hash stays, which refuses mail and cannot be read back."""
    with opened(config_path) as files, suppression_list(config_path) as answer:
        by = By(getpass.getuser(), files.now, reason)
        known = [forgetting.erase(files.connection, files.data_dir, answer, one, by) for one in addresses]
    erased = sum(known)
    words = f"{count(erased, 'person') if erased == 1 else f'{erased:,} people'} erased"
    told({"erased": erased}, words, as_json=as_json)


@command.group
def attribute() -> None:
    """What can be known of people, beyond name, e-mail and language."""


_collection = click.option("--of", "collection", default="", help="Of child records of this kind.")


@attribute.command("list")
@config_option
@json_option
def list_attributes(config_path: Path, *, as_json: bool) -> None:
    """All, those of child records too."""
    with opened(config_path) as files:
        kinds = ["", *attributes.collections(files.connection)]
        found = [
            {"of": of, "name": one.name, "kind": one.kind.value, "label": one.label}
            for of in kinds
            for one in attributes.declared(files.connection, of).values()
        ]
    if as_json:
        print_json(found)
    else:
        table(("of", "name", "kind", "label"), [tuple(one.values()) for one in found], empty="No attributes.")


@attribute.command("add")
@config_option
@click.argument("name")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.option("--label", default="", help="As people write it.")
@_collection
@json_option
def add_attribute(config_path: Path, name: str, kind: str, label: str, collection: str, *, as_json: bool) -> None:
    """Declare one."""
    with opened(config_path) as files, transaction(files.connection):
        made = attributes.declare(files.connection, name, Kind(kind), label, collection)
    told(made._asdict() | {"of": collection}, "", as_json=as_json)


@attribute.command("remove")
@config_option
@click.argument("name")
@_collection
@json_option
def remove_attribute(config_path: Path, name: str, collection: str, *, as_json: bool) -> None:
    """Take one away, with all its values."""
    with opened(config_path) as files, transaction(files.connection):
        attributes.remove(files.connection, name, collection)
    told({"removed": name, "of": collection}, "", as_json=as_json)


@attribute.command("records")
@config_option
@click.argument("name")
@click.option("--key", default="", help="The attribute that tells the records of one person apart.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default="text", help="Of the key.")
@json_option
def add_records(config_path: Path, name: str, key: str, kind: str, *, as_json: bool) -> None:
    """Declare a kind of child records, as orders."""
    with opened(config_path) as files, transaction(files.connection):
        made = attributes.declare_collection(files.connection, name, key, Kind(kind))
    told(made._asdict(), "", as_json=as_json)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{text!r} is not NAME=TEXT")
    return name.strip().lower(), value


def _print_fields(fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        if value not in (None, "", ()):
            click.echo(printable(f"{name}: {_text(name, value)}"))


def _text(name: str, value: object) -> str:
    if name.strip() in ("created", "changed", "at", "since") and isinstance(value, float):
        return ago(value)
    return "; ".join(value) if isinstance(value, tuple) else str(value)
