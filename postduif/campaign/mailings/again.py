"""A mailing once more, to single persons: to whom it did not come, and whose address was corrected since."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import MAX_NAME, Mailing
from postduif.campaign.mailings.waves import Waves

MOST = 1000
"""Persons that are named one by one."""


def to_persons(
    connection: sqlite3.Connection, seen: Mailing, contacts: Sequence[int], streams: Collection[str], by: By
) -> Mailing:
    """A draft of the same content and type of mail for these contacts, who are still checked as always.

    It is prepared and sent like any other. Raises MailingFault.
    """
    if not contacts:
        raise MailingFault("nobody is meant; choose whom it goes to")
    if len(contacts) > MOST:
        raise MailingFault(f"it goes to {MOST:,} persons at most in this way; make a selection of them instead")
    target = seen.draft.target
    if target.collection:
        raise MailingFault("this mailing goes to child records, not to persons; clone it and choose its target")
    spec = Spec(
        persons=tuple(f"#{contact}" for contact in contacts),
        mail_type=target.mail_type,
        exclude_selections=target.exclude_selections,
        exclude_domains=target.exclude_domains,
        exclude_addresses=target.exclude_addresses,
        attributes=target.attributes,
    )
    name = f"{seen.draft.name[: MAX_NAME - 20]} (again)"
    told = by._replace(words=by.words or f"again, to {len(contacts)} of mailing {seen.number}")
    made = editing.clone(connection, seen, name, told)
    return editing.edit(connection, made, made.draft._replace(target=spec, waves=Waves()), streams, told)
