"""Somebody said, to one of us or to another program, that they want no more mail: done at once, with the proof."""

from __future__ import annotations

import sqlite3

from postduif.bounce.subject import shown
from postduif.campaign.audience.erasing import subjects_of
from postduif.campaign.audience.subscriptions import (
    ConsentEvent,
    Proof,
    SubscriptionFault,
    note_once,
    type_named,
)
from postduif.campaign.database import transaction
from postduif.mta.control import Tell


def withdraw(connection: sqlite3.Connection, tell: Tell, contact: int, type_: str, proof: Proof) -> None:
    """No more mail of that type, "" for all; the MTA is told first. Not inside a transaction.

    Raises SubscriptionFault, and what `tell` raises.
    """
    kind = type_named(connection, type_).name if type_ else ""
    if not proof.wording.strip() or not proof.source.strip():
        raise SubscriptionFault("a proof says how they asked for it, and who says so; as: by telephone")
    (subject, *_) = subjects_of(connection, contact)
    if subject.startswith(" "):
        raise SubscriptionFault("the address is none, so nothing is sent there; correct it first")
    row = {"address": shown(subject), "cause": "unsubscribe", "type": kind, "source": proof.source}
    tell("suppress.enter", rows=[row | {"evidence": proof.wording}])
    with transaction(connection):
        note_once(connection, contact, kind, ConsentEvent.WITHDRAWN, proof)
