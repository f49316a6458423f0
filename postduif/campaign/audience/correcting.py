"""Somebody has another address: what they said at the old one (no more mail, that is spam) is true of the new one, too.

That mail came back from the old one is not.
"""

from __future__ import annotations

import sqlite3

from postduif.bounce.address_state import Standing
from postduif.bounce.subject import shown
from postduif.campaign.audience.contacts import NoSuchContact, find
from postduif.campaign.audience.erasing import subjects_of
from postduif.campaign.audience.mail_address import check
from postduif.mta.control import Tell


def take_along(connection: sqlite3.Connection, tell: Tell, contact: int, email: str, by: str) -> str:
    """Before the correction. Says what the new address has on the list now; "" for nothing.

    Not inside a transaction. Raises NoSuchContact, AddressError, and what `tell` raises.
    """
    subjects = subjects_of(connection, contact)
    if not subjects:
        raise NoSuchContact(f"there is no contact {contact}; the list of contacts shows who is there")
    old, new = subjects[0], check(email).subject
    if old == new or old.startswith(" ") or find(connection, email) not in (None, contact):
        return ""
    (found,) = tell("suppress.show", addresses=[shown(old)])
    own = [one for one in found["entries"] if one["subject"] == old and one["standing"] == Standing.SUPPRESSED]
    if not own:
        return ""
    tell("suppress.enter", rows=[one | {"address": shown(new), "source": by} for one in own])
    causes = ", ".join(f"{one['cause']} {one['type']}".strip() for one in own)
    return f"{shown(new)} is on the suppression list as the old address is: {causes}"
