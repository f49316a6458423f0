"""All that is on file about one person, everywhere: what they have a right to, as one object for JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postduif.bounce.subject import shown
from postduif.campaign.audience import contacts, erasing
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.forms import responses
from postduif.campaign.results import personal


def copy_of(connection: sqlite3.Connection, data_dir: Path, contact: int) -> dict[str, Any]:
    """What is known, what the suppression list says of each of their addresses, answers to forms, what mailings did.

    `connection`: to the audience. Times are seconds since the epoch. Raises NoSuchContact, StoreError.
    """
    person = contacts.profile(connection, contact)
    subjects = erasing.subjects_of(connection, contact)
    with suppression_link(data_dir) as link:
        found = [link.about(subject) for subject in subjects]
    return person | {
        "suppression": [
            {"address": shown(one.subject), "type": one.type, **one.state._asdict()}
            for about in found
            for one in about.entries
        ],
        "suppression_history": [past._asdict() for about in found for past in about.history],
        "answers": responses.told(data_dir, contact, subjects),
        "mailings": [_told(did) for did in _mailings(data_dir, contact)],
    }


def _mailings(data_dir: Path, contact: int) -> Iterator[personal.Did]:
    before = 0
    while True:
        page = personal.of_person(data_dir, contact, before)
        yield from page.done
        if not page.next:
            return
        before = page.next


def _told(did: personal.Did) -> dict[str, object]:
    return {
        "mailing": did.mailing.number,
        "name": did.mailing.name,
        "address": did.address,
        "state": did.state,
        "cause": did.cause,
        "steps": [step._asdict() for step in did.steps],
        "visits": [visit._asdict() for visit in did.visits],
    }
