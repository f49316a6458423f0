"""`postduif mailing preview` and `proof`: the message itself, to look at before anybody gets it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.preview import preview as preview_of
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import compose, draft_of
from postduif.campaign.preparing.specimen import Somebody, somebody
from postduif.campaign.sending.proofing import send_proof
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import Desk, number_argument, opened
from postduif.cli.options import config_option
from postduif.cli.private_output import private_output
from postduif.cli.tables import count, printable
from postduif.errors import PostduifError

_person = click.option("--person", default="", metavar="ADDRESS", help="As this one. Default: the first in the target.")


class _Seen(NamedTuple):
    desk: Desk
    mailing: Mailing
    draft: Draft
    whom: Somebody
    contact: int | None


@contextlib.contextmanager
def _seen(config_path: Path, number: int, person: str) -> Iterator[_Seen]:
    with opened(config_path) as desk:
        mailing = desk.find(number)
        data_dir = desk.config.server.data_dir
        with audience(data_dir) as people, suppression_link(data_dir) as link:
            whom = somebody(people, link, desk.config, mailing, person, time.time())
            contact = find(people, whom.address)
        yield _Seen(desk, mailing, draft_of(desk.connection, mailing), whom, contact)


@click.command
@config_option
@number_argument
@_person
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the HTML to this file.")
@json_option
def preview(config_path: Path, number: int, person: str, html: Path | None, *, as_json: bool) -> None:
    """The message that somebody would get."""
    with _seen(config_path, number, person) as seen:
        untracked = replace(seen.draft, tracking="none")  # who looks at it leaves no trace
        composed = compose(untracked, seen.mailing, seen.desk.config, seen.whom.names)
        found = preview_of(composed, seen.whom.values)
        if html is not None:
            if not found.html:
                raise PostduifError(f"mailing {number} has no HTML; leave --html out")
            with private_output(html) as target:
                target.write(found.html)
    if as_json:
        told = {"address": seen.whom.address, "cause": seen.whom.cause, "warnings": composed.warnings}
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
    for warning in composed.warnings:
        _warn(warning)


@click.command
@config_option
@number_argument
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@_person
@json_option
def proof(config_path: Path, number: int, addresses: tuple[str, ...], person: str, *, as_json: bool) -> None:
    """Send it to yourself, with a number before its subject."""
    with _seen(config_path, number, person) as seen:
        desk = seen.desk
        sent = send_proof(desk.connection, desk.config, seen.mailing, seen.whom, seen.contact, addresses, desk.by())
    if as_json:
        print_json({"proof": sent.number, "as": seen.whom.address, "to": sent.to, "ids": sent.ids})
    else:
        ways = f", as {count(len(sent.ids), 'mail')} in the queue: {', '.join(sent.ids)}"
        to = ", ".join(sent.to)
        click.echo(printable(f"proof {sent.number} to {to}, as {seen.whom.address} would get it{ways}"))


def _warn(words: str) -> None:
    click.echo(f"postduif: {printable(words)}", err=True)
