"""`postduif mailing attach` and `detach`: the files of a mailing."""

from __future__ import annotations

from pathlib import Path

import click

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.fault import MailingFault
from postduif.cli.asking import json_option
from postduif.cli.mailing_access import called, number_argument, opened, said
from postduif.cli.options import config_option
from postduif.cli.tables import count
from postduif.mta.merge.message import MAX_ATTACHED


@click.command
@config_option
@number_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
def attach(config_path: Path, number: int, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Add files. One that the HTML shows as cid:NAME is an image in it."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        for file in files:
            seen = editing.attach(desk.connection, seen, file.name, _octets(file), desk.by())
    size = sum(file.size for file in seen.files)
    said(seen, f"{called(seen)} has {count(len(seen.files), 'file')}, {size:,} octets", as_json=as_json)


@click.command
@config_option
@number_argument
@click.argument("names", nargs=-1, required=True)
@json_option
def detach(config_path: Path, number: int, names: tuple[str, ...], *, as_json: bool) -> None:
    """Take files away, by their names."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        for name in names:
            seen = editing.detach(desk.connection, seen, name, desk.by())
    said(seen, f"{called(seen)} has {count(len(seen.files), 'file')}", as_json=as_json)


def _octets(file: Path) -> bytes:
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(MAX_ATTACHED + 1)  # what is larger is refused, and need not be read
    except OSError as error:
        raise MailingFault(f"{file} cannot be read: {error.strerror}") from None
