"""`postduif subscription`: types of mail, who asked for them, and the proof."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.contacts import found
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import opened, told
from postduif.cli.options import config_option
from postduif.cli.tables import printable, table

_name = click.argument("name")


@click.group
def command() -> None:
    """Types of mail. Who unsubscribed is on the suppression list: postduif suppress list --type NAME."""


@command.command("list")
@config_option
@json_option
def list_(config_path: Path, *, as_json: bool) -> None:
    """All types."""
    with opened(config_path) as files:
        listed = list(subscriptions.types(files.connection).values())
    if as_json:
        print_json([one._asdict() for one in listed])
        return
    rows = [
        (
            one.name,
            one.title,
            "everybody" if one.everybody else "who asked",
            "link" if one.confirm else "",
            "every reader" if one.offered else "who asked",
            one.description,
        )
        for one in listed
    ]
    table(("name", "title", "for", "confirmed by", "offered to", "description"), rows, empty="No types of mail.")


@command.command("set")
@config_option
@_name
@click.option("--title", help="What people read. Default: the name.")
@click.option("--description", help="What is in it, for the public.")
@click.option(
    "--everybody/--who-asked", default=None, help="Who has not unsubscribed gets it, or only who asked (the default)."
)
@click.option(
    "--confirm/--no-confirm", default=None, help="Only who followed the link in a mail gets it (the default), or not."
)
@click.option(
    "--offered/--not-offered", default=None, help="On the preference page of every reader (the default), or not."
)
@json_option
def set_(
    config_path: Path,
    name: str,
    title: str | None,
    description: str | None,
    *,
    everybody: bool | None,
    confirm: bool | None,
    offered: bool | None,
    as_json: bool,
) -> None:
    """Make a type of mail, or change it.

    An option that is not given leaves what there is.
    """
    with opened(config_path) as files, transaction(files.connection):
        known = {one.name.lower(): one for one in subscriptions.types(files.connection).values()}
        before = known.get(name.lower(), SubscriptionType(name, name, "", everybody=False, confirm=True))
        type_ = SubscriptionType(
            before.name,
            before.title if title is None else title or name,
            before.description if description is None else description,
            before.everybody if everybody is None else everybody,
            before.confirm if confirm is None else confirm,
            before.offered if offered is None else offered,
        )
        subscriptions.save_type(files.connection, type_)
    told(type_._asdict(), "", as_json=as_json)


@command.command
@config_option
@_name
@json_option
def delete(config_path: Path, name: str, *, as_json: bool) -> None:
    """Away with a type, and with who gets it.

    The proofs stay with the people.
    """
    with opened(config_path) as files, transaction(files.connection):
        refuse_if_awaited(files.data_dir, "types", name)
        subscriptions.delete_type(files.connection, name)
    told({"deleted": name}, "", as_json=as_json)


@command.command
@config_option
@_name
@click.argument("addresses", nargs=-1, required=True)
@click.option("--wording", required=True, help="Which text they agreed to; kept as proof.")
@click.option("--from", "origin", default="", help="The network address they came from.")
@click.option(
    "--asked", is_flag=True, help="They asked only; with a type that needs a link they are not confirmed yet."
)
@json_option
def add(
    config_path: Path,
    name: str,
    addresses: tuple[str, ...],
    wording: str,
    origin: str,
    *,
    asked: bool,
    as_json: bool,
) -> None:
    """Say that people agreed to a type of mail; you vouch for it."""
    done = []
    with opened(config_path) as files, transaction(files.connection):
        type_ = subscriptions.type_named(files.connection, name)
        proof = Proof(files.now, wording, getpass.getuser(), origin)
        for address in addresses:
            contact = found(files.connection, address)
            if asked:
                state = subscriptions.ask(files.connection, contact, type_, proof)
            else:
                state = subscriptions.confirm(files.connection, contact, type_, proof)
            done.append((address, state.value))
    words = [printable(f"{address}: {state}") for address, state in done]
    if as_json:
        print_json([{"address": address, "state": state} for address, state in done])
    else:
        click.echo("\n".join(words))
