"""`postduif mailing create`, `edit`, `clone`, `archive`, `delete`: what is written of a mailing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from postduif.campaign.forms.responding import refuse_if_forms_have
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.record import MAX_NAME, Draft
from postduif.cli.asking import json_option
from postduif.cli.mailing_access import called, number_argument, opened, said
from postduif.cli.mailing_options import drafted, with_options
from postduif.cli.options import config_option

_NOTHING = (None, ())


@click.command
@config_option
@click.argument("name")
@with_options
@click.option("--template", is_flag=True, help="Something to make mailings from; never sent itself.")
@json_option
def create(config_path: Path, name: str, *, template: bool, as_json: bool, **given: Any) -> None:
    """Write a new one, and print its number."""
    with opened(config_path) as desk:
        made = editing.create(desk.connection, drafted(Draft(name), given), desk.streams, desk.by(), template=template)
    said(made, str(made.number), as_json=as_json)


@click.command
@config_option
@number_argument
@click.option("--name", help="Another name.")
@with_options
@click.option("--revision", type=click.IntRange(0), help="Only if nobody edited it since this revision.")
@json_option
def edit(
    config_path: Path, number: int, name: str | None, revision: int | None, *, as_json: bool, **given: Any
) -> None:
    """Change what is written. What was prepared is prepared again then."""
    if name is None and all(value in _NOTHING for value in given.values()):
        raise click.UsageError("say what is to change: --subject, --html, --selection; --help has them all")
    with opened(config_path) as desk:
        seen = desk.find(number)
        if revision is not None:
            seen = seen._replace(revision=revision)
        draft = drafted(seen.draft if name is None else seen.draft._replace(name=name), given)
        made = editing.edit(desk.connection, seen, draft, desk.streams, desk.by())
    again = f"; it was {seen.state}, so prepare it again" if made.state != seen.state else ""
    said(made, f"{called(made)} is a {made.state}, revision {made.revision}{again}", as_json=as_json)


@click.command
@config_option
@number_argument
@click.option("--name", default="", help='Default: "Copy of" the other; of a template, its name.')
@click.option("--template", is_flag=True, help="Make a template of it.")
@json_option
def clone(config_path: Path, number: int, name: str, *, template: bool, as_json: bool) -> None:
    """Make a draft like it, and print its number. Of a template it is a mailing."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        name = name or (seen.draft.name if seen.template else f"Copy of {seen.draft.name}"[:MAX_NAME])
        made = editing.clone(desk.connection, seen, name, desk.by(), template=template)
    said(made, str(made.number), as_json=as_json)


@click.command
@config_option
@number_argument
@click.option("--back", is_flag=True, help="Bring it back into the lists.")
@json_option
def archive(config_path: Path, number: int, *, back: bool, as_json: bool) -> None:
    """Put away one that is at rest.

    `list --current` and the pages leave it out then.
    """
    with opened(config_path) as desk:
        seen = editing.archive(desk.connection, number, desk.by(), away=not back)
    said(seen, f"{called(seen)} is {'in the lists again' if back else 'archived'}", as_json=as_json)


@click.command
@config_option
@number_argument
@json_option
def delete(config_path: Path, number: int, *, as_json: bool) -> None:
    """Take a draft away. Its history stays. Not a template that a form has."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        refuse_if_forms_have(desk.config.server.data_dir, seen)
        editing.delete(desk.connection, seen, desk.by())
    said(seen, f"{called(seen)} is deleted", as_json=as_json)
