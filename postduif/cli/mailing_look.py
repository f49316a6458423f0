"""`postduif mailing preview` and `proof`: the message itself, to look at before anybody gets it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from postduif.campaign.preparing.previewing import found_as, seen_by
from postduif.campaign.sending.proofing import send_proof
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import number_argument, opened
from postduif.cli.options import config_option
from postduif.cli.private_output import private_output
from postduif.cli.tables import count, printable
from postduif.errors import PostduifError

_person = click.option("--person", default="", metavar="ADDRESS", help="As this one. Default: the first in the target.")


@click.command
@config_option
@number_argument
@_person
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the HTML to this file.")
@json_option
def preview(config_path: Path, number: int, person: str, html: Path | None, *, as_json: bool) -> None:
    """The message that somebody would get."""
    with opened(config_path) as desk:
        seen = seen_by(desk.connection, desk.config, desk.find(number), person, time.time())
        found = seen.preview
        if html is not None:
            if not found.html:
                raise PostduifError(f"mailing {number} has no HTML; leave --html out")
            with private_output(html) as target:
                target.write(found.html)
    if as_json:
        told = {"address": seen.whom.address, "cause": seen.whom.cause, "warnings": seen.warnings}
        print_json(found._asdict() | told)
        return
    for name, value in found.fields:
        click.echo(f"{name}: {printable(value)}")
    click.echo("")
    click.echo("\n".join(printable(line) for line in found.text.splitlines()))
    if seen.whom.cause:
        _warn(f"{seen.whom.address} would get nothing: {seen.whom.cause}")
    if found.empty:
        _warn(f"nothing is known of {seen.whom.address} for {', '.join(found.empty)}")
    for warning in seen.warnings:
        _warn(warning)


@click.command
@config_option
@number_argument
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@_person
@json_option
def proof(config_path: Path, number: int, addresses: tuple[str, ...], person: str, *, as_json: bool) -> None:
    """Send it to yourself, with a number before its subject."""
    with opened(config_path) as desk:
        mailing = desk.find(number)
        whom, contact = found_as(desk.config, mailing, person, time.time())
        sent = send_proof(desk.connection, desk.config, mailing, whom, contact, addresses, desk.by())
    if as_json:
        print_json({"proof": sent.number, "as": whom.address, "to": sent.to, "ids": sent.ids})
    else:
        ways = f", as {count(len(sent.ids), 'mail')} in the queue: {', '.join(sent.ids)}"
        to = ", ".join(sent.to)
        click.echo(printable(f"proof {sent.number} to {to}, as {whom.address} would get it{ways}"))


def _warn(words: str) -> None:
    click.echo(f"postduif: {printable(words)}", err=True)
