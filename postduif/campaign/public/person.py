"""What a reader has chosen so far: which types of mail, and whether he may be counted."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from postduif.bounce.address_state import Cause
from postduif.bounce.subject import read
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.tracking import consent, whose
from postduif.campaign.tracking.connection import tracking
from postduif.campaign.tracking.visit import Wanted
from postduif.errors import AddressError
from postduif.recipient_token import Whom

_ASKED = """
SELECT kind, type FROM wish WHERE mailing = ? AND number = ? AND done_at IS NULL
AND kind NOT IN ('export', 'erase') ORDER BY id
"""
_UNSEEN = "SELECT 1 FROM unseen WHERE (contact = ?1 AND contact > 0) OR (contact = 0 AND mailing = ?2 AND number = ?3)"


class Choice(NamedTuple):
    """One type of mail."""

    name: str
    title: str
    description: str
    wanted: bool


class Standing(NamedTuple):
    """Of one reader."""

    choices: tuple[Choice, ...]
    """The types that are offered, and those that he asked for."""
    tracked: bool
    """He is counted: he did not refuse, and agreed where the mailing asks for that."""


def standing(data_dir: Path, whom: Whom, now: float) -> Standing | None:
    """None: nobody knows him any more. Raises StoreError. What he asked just now counts, done or not."""
    person = whose.person(data_dir, whom.mailing, whom.number)
    if person is None or not person.address:
        return None
    with tracking(data_dir) as connection:
        asked = connection.execute(_ASKED, whom).fetchall()
        unseen = connection.execute(_UNSEEN, (person.contact, *whom)).fetchone()
    with audience(data_dir) as people:
        types = subscriptions.types(people)
        query = "SELECT type FROM subscription WHERE contact = ? AND state = 'confirmed'"
        confirmed = {name.lower() for (name,) in people.execute(query, (person.contact,))}
        attribute = consent.attribute(data_dir, people, whom.mailing)
        tracked = unseen is None and (attribute is None or consent.agrees(people, person.contact, attribute))
    wanted = {name for name, one in types.items() if one.everybody or name.lower() in confirmed}
    wanted -= _left(data_dir, person.address, wanted, now)
    for kind, type_ in asked:
        if kind in (Wanted.TRACKING, Wanted.NO_TRACKING):
            tracked = kind == Wanted.TRACKING
        elif kind == Wanted.UNSUBSCRIBE:
            wanted -= {type_} if type_ else set(types)
        else:
            wanted |= {type_} & set(types) if type_ else set(types)
    shown = (one for name, one in types.items() if one.offered or name.lower() in confirmed)
    choices = (Choice(one.name, one.title or one.name, one.description, one.name in wanted) for one in shown)
    return Standing(tuple(choices), tracked)


def _left(data_dir: Path, address: str, names: set[str], now: float) -> set[str]:
    """The types of mail that this address has left."""
    with contextlib.suppress(AddressError), suppression_link(data_dir) as link:
        subject = read(address)
        return {name for name in names if link.refusals([subject], name, now).get(subject) is Cause.UNSUBSCRIBE}
    return set()
