"""A person is erased, everywhere: the suppression list first, then answers to forms, targets of mailings, answers that
are kept for calls that come again, the audience, and what waits of their requests.

The audience knows all addresses of somebody, so it comes after whatever needs them: who is killed between two leaves
somebody who gets no mail, and the same again does the rest. A request waits, where people see it, until all is gone;
the MTA may go through results of mailings for longer.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from postduif.bounce.subject import shown
from postduif.campaign.audience import contacts, erasing
from postduif.campaign.database import path_of
from postduif.campaign.forms import answers
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.forgetting import forget
from postduif.campaign.tracking import requests
from postduif.campaign.web.api import calls
from postduif.mta.control import Tell


def erase(connection: sqlite3.Connection, data_dir: Path, tell: Tell, text: str, by: By) -> bool:
    """Erase the person with that address or #ID; returns whether somebody was known. Not inside a transaction.

    `by.words` say why. A hash of each address stays on the suppression list, so that no later list brings them back.
    Raises ContactFault, AddressError, StoreError (the same again does what is left), and what `tell` raises.
    """
    known = contacts.find(connection, text)
    contact = known or erasing.erased(connection, text)
    subjects = erasing.subjects_of(connection, contact) if contact else [contacts.key_of(text)]
    real = [shown(one) for one in subjects if not one.startswith(" ")]
    if not contact and not real and not erasing.erase(connection, None, subjects):
        raise contacts.ContactFault(f"nobody is known as {text}, and it is no address; correct it")
    asked = requests.of_person(data_dir, contact, subjects)
    if real:
        tell("suppress.erase", addresses=real, reason=by.words, by=by.who)
    if are_there(data_dir):
        with forms(data_dir) as answered:
            answers.forget(answered, contact, subjects)
    if path_of(data_dir, SCHEMA).exists():
        with mailings(data_dir) as named:
            forget(named, contact, subjects, by)
    calls.forget(data_dir, {*real, *subjects})
    erasing.erase(connection, contact, subjects)
    requests.done(data_dir, asked, by.now)
    return known is not None
