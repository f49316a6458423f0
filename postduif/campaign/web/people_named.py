"""People as they are named in the field of a form: addresses or #ID, one a line or with , or ; between them."""

from __future__ import annotations

import sqlite3

from postduif.campaign.audience import contacts
from postduif.campaign.audience.contacts import ContactFault

MAX_NAMED = 5000
"""Of one form."""
_SHOWN = 5


def ids_of(connection: sqlite3.Connection, people: str) -> list[int]:
    """Their ids. Raises ContactFault, which names those whom nobody knows."""
    found = {text: contacts.find(connection, text) for text in named(people)}
    if unknown := [text for text, id_ in found.items() if id_ is None]:
        more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
        names = ", ".join(text[:100] for text in unknown[:_SHOWN])
        raise ContactFault(f"Nobody is known as {names}{more}. Take these lines out, or add the people first.")
    return [id_ for id_ in found.values() if id_ is not None]


def named(people: str) -> list[str]:
    """The texts, each once. Raises ContactFault for too many or none."""
    lines = people.replace(",", "\n").replace(";", "\n").splitlines()
    found = list(dict.fromkeys(one.strip() for one in lines if one.strip()))
    if len(found) > MAX_NAMED:
        raise ContactFault(f"More than {MAX_NAMED:,} lines. Import a file: it fills selections and projects, too.")
    return found
