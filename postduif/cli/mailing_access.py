"""The file of the mailings for the command line: opened from the configuration, and what its record asks for is done.

A command changes the record first, and then does at once what the campaign's own process would do within a second.
"""

from __future__ import annotations

import contextlib
import getpass
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.places import Places
from postduif.campaign.sending import acting
from postduif.campaign.sending.acting import Means
from postduif.cli.asking import one_line_errors, print_json
from postduif.cli.tables import printable
from postduif.config.load import load
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.control import ask

number_argument = click.argument("number", type=click.IntRange(1))
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


class Desk(NamedTuple):
    """What a command works on."""

    config: Config
    connection: sqlite3.Connection
    """To the mailings."""
    places: Places

    def by(self, words: str = "") -> By:
        """Who uses the command, now."""
        return By(getpass.getuser(), time.time(), words)

    def find(self, number: int) -> Mailing:
        """The mailing of that number. Raises MailingFault."""
        return find(self.connection, number)

    def means(self) -> Means:
        """What it takes to act, now."""
        return Means(self.connection, self.places, partial(ask, self.config.server.run_dir), time.time())

    @property
    def streams(self) -> list[str]:
        """Those of the configuration."""
        return [one.name for one in self.config.stream]


@contextlib.contextmanager
def opened(config_path: Path) -> Iterator[Desk]:
    """The file; what goes wrong is one line on standard error, and exit status 1."""
    with one_line_errors():
        config = load(config_path)
        try:
            with mailings(config.server.data_dir) as connection:
                yield Desk(config, connection, Places(config.server.data_dir))
        except UnicodeEncodeError:
            raise PostduifError("there are octets in the command that are no UTF-8; write it in UTF-8") from None
        except OverflowError:
            raise PostduifError("a number in the command is larger than any there can be; correct it") from None


def acted(desk: Desk, number: int) -> Mailing:
    """Do what the record asks for, and return the mailing as it is then. Without the daemon it is done later.

    Raises StoreError.
    """
    found = acting.acted(desk.means(), number)
    if found.waits:
        click.echo(f"postduif: {found.waits}", err=True)
    return found.mailing


def said(mailing: Mailing, words: str, *, as_json: bool) -> None:
    """What came of a command."""
    if as_json:
        print_json(brief(mailing))
    else:
        click.echo(printable(words))


def brief(mailing: Mailing) -> dict[str, object]:
    """A mailing in JSON, without what is written in it."""
    return {
        "number": mailing.number,
        "name": mailing.draft.name,
        "state": mailing.state.value,
        "reason": mailing.reason,
        "revision": mailing.revision,
        "template": mailing.template,
        "parent": mailing.parent,
        "next": mailing.next,
        "to_deliver": mailing.run.counts.targeted - mailing.run.counts.excluded,
        **mailing.run.counts._asdict(),
        "prepared": mailing.run.prepared,
        "started": mailing.run.started,
        "ended": mailing.run.ended,
    }


def called(mailing: Mailing) -> str:
    """`mailing 7 "Autumn"`, as it is spoken of."""
    return f'mailing {mailing.number} "{mailing.draft.name}"'
