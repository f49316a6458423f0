"""`postduif subscription`: types of mail, who asked for them, and the proof."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.contacts import found
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.database import transaction
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import opened
from postduif.cli.options import config_option
from postduif.cli.tables import table

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
            one.description,
        )
        for one in listed
    ]
    table(("name", "title", "for", "confirmed by", "description"), rows, empty="No types of mail.")


@command.command("set")
@config_option
@_name
@click.option("--title", default="", help="What people read. Default: the name.")
@click.option("--description", default="", help="What is in it, for the public.")
@click.option("--everybody", is_flag=True, help="Who has not unsubscribed gets it. Default: only who asked.")
@click.option(
    "--confirm/--no-confirm", default=True, help="Only who followed the link in a mail gets it. [default: so]"
)
def set_(config_path: Path, name: str, title: str, description: str, *, everybody: bool, confirm: bool) -> None:
    """Make a type of mail, or change it."""
    with opened(config_path) as files, transaction(files.connection):
        type_ = SubscriptionType(name, title or name, description, everybody, confirm)
        subscriptions.save_type(files.connection, type_)


@command.command
@config_option
@_name
def delete(config_path: Path, name: str) -> None:
    """Away with a type; the proofs stay with the people."""
    with opened(config_path) as files, transaction(files.connection):
        subscriptions.delete_type(files.connection, name)


@command.command
@config_option
@_name
@click.argument("addresses", nargs=-1, required=True)
@click.option("--wording", required=True, help="Which text they agreed to; kept as proof.")
@click.option("--from", "origin", default="", help="The network address they came from.")
@click.option(
    "--asked", is_flag=True, help="They asked only; with a type that needs a link they are not confirmed yet."
)
def add(config_path: Path, name: str, addresses: tuple[str, ...], wording: str, origin: str, *, asked: bool) -> None:
    """Say that people agreed to a type of mail; you vouch for it."""
    with opened(config_path) as files, transaction(files.connection):
        type_ = subscriptions.type_named(files.connection, name)
        proof = Proof(files.now, wording, getpass.getuser(), origin)
        for address in addresses:
            contact = found(files.connection, address)
            if asked:
                state = subscriptions.ask(files.connection, contact, type_, proof)
            else:
                state = subscriptions.confirm(files.connection, contact, type_, proof)
            click.echo(f"{address}: {state}")
