"""The mailings that a selection or a project is a source of, and those of a type of mail."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.database import path_of
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import Entry, Filter, listed
from postduif.campaign.mailings.record import State

MOST = 20


def linked_mailings(data_dir: Path, kind: str, name: str) -> list[Entry]:
    """The latest of them, at most MOST. `kind`: "selections" or "projects"."""
    if not path_of(data_dir, SCHEMA).exists():
        return []
    with mailings(data_dir) as connection:
        return listed(connection, Filter(linked=(kind, name), limit=MOST))


def refuse_if_awaited(data_dir: Path, kind: str, name: str) -> None:
    """Raises MailingFault when a mailing that is still to be prepared at its date goes to it, or is of that type."""
    if not path_of(data_dir, SCHEMA).exists():
        return
    with mailings(data_dir) as connection:
        waiting = listed(connection, Filter((State.PLANNED, State.REPEATING), linked=(kind, name), limit=1))
    if waiting:
        one = waiting[0]
        goes = "is of the type" if kind == "types" else "goes to"
        raise MailingFault(
            f'mailing {one.number} "{one.name}" is {one.state} and {goes} {name}; edit or unschedule it first'
        )
