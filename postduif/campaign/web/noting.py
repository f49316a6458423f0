"""What stands in the audit trail of deeds that both doors know: the pages and the API say them in the same words.

The trail is never changed, so nobody in the audience is named there but by the number of a contact, which says nothing
once the person is erased. `audit.note` takes out what has slipped into somebody's reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from postduif.bounce.subject import is_pattern
from postduif.campaign.accounts import audit
from postduif.campaign.audience import contacts
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.projects import Project
from postduif.campaign.audience.selections import Selection
from postduif.campaign.mailings.changing import By
from postduif.campaign.tracking.requests import Asked
from postduif.campaign.tracking.visit import Wanted
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.wording import day, plural

MOST_NUMBERED = 20
"""Contacts that one entry names; of more it says how many."""


class Who(Protocol):
    """Somebody at a desk: a person on the pages, or a program by its token."""

    @property
    def desk(self) -> Desk:
        """Where."""

    def by(self, words: str = "") -> By:
        """Who, and when."""


def note(who: Who, what: str, about: str, words: str = "") -> None:
    """Write it down."""
    with who.desk.accounts() as connection:
        audit.note(connection, who.by(), what, about, words)


def numbered(who: Who, what: str, one: Selection | Project, words: str = "") -> None:
    """By its number, which stays when its name does not; the name of today is in the words."""
    note(who, what, f"{what.partition('.')[0]} {one.id}", ": ".join(filter(None, (one.name, words))))


def renamed(who: Who, before: Selection | Project, after: Selection | Project) -> None:
    """Another name or note."""
    words = f"was called {before.name}" if before.name != after.name else "another note"
    numbered(who, f"{'selection' if isinstance(after, Selection) else 'project'}.changed", after, words)


def suppression(who: Who, what: str, addresses: Sequence[str], reason: str) -> None:
    """What was ordered of the suppression list. It is about the contact if it means one."""
    meant, numbers = _meant(who.desk.data_dir, addresses)
    if len(addresses) == len(numbers) == 1:
        note(who, what, f"contact {numbers[0]}", reason)
    elif addresses:
        note(who, what, "suppression list", f"{meant}: {reason}")


def request(who: Who, what: str, asked: Asked) -> None:
    """What became of something that a reader asked for."""
    words = f"request {asked.id}, asked {day(asked.at)}: {'a copy' if asked.kind == Wanted.EXPORT else 'to be erased'}"
    note(who, what, f"contact {asked.contact}" if asked.contact else "a reader", words)


def unnamed(data_dir: Path, address: str) -> str:
    """A contact as #7; a pattern, or what is no whole address, as it is."""
    return _meant(data_dir, [address])[0] if "@" in address else address


def _meant(data_dir: Path, addresses: Sequence[str]) -> tuple[str, list[int]]:
    patterns = [one for one in addresses if is_pattern(one)]
    with audience(data_dir) as connection:
        found = [contacts.find(connection, one) for one in addresses if not is_pattern(one)]
    numbers = [one for one in found if one]
    said = [*patterns[:MOST_NUMBERED], *(f"#{one}" for one in numbers[:MOST_NUMBERED])]
    if more := len(addresses) - len(said):
        said.append(plural(more, "address", "addresses") + (" more" if said else ""))
    return ", ".join(said), numbers
