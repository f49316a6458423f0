"""Somebody is erased: the targets of mailings that name them as a single person do so no more.

A target that had nobody else goes to nobody: without a person its condition would mean everybody who meets it, so that
goes, too. The history is never changed, so nothing ever writes an address of somebody in the audience there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from postduif.campaign.audience.contacts import key_of
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import empty_log, transaction
from postduif.campaign.mailings.changing import By, note
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.renaming import OVERTAKES
from postduif.campaign.mailings.stored import target_of


def forget(connection: sqlite3.Connection, contact: int | None, subjects: Collection[str], by: By) -> list[int]:
    """Take them out of all targets; returns the numbers of the mailings that named them. Not inside a transaction.

    Who has the form of one open is overtaken, so that the name does not come back. Raises StoreError when somebody
    reads the file, so that its log cannot be emptied; the same again does that.
    """
    changed = []
    with transaction(connection):
        for number, state, text in connection.execute("SELECT number, state, target FROM mailing").fetchall():
            target = target_of(text)
            other = target._replace(
                persons=_others(target.persons, contact, subjects),
                exclude_addresses=_others(target.exclude_addresses, contact, subjects),
            )
            if other == target:
                continue
            if target.persons and not _sources(other):
                other = other._replace(condition="")
                note(connection, number, by._replace(words="the only person it went to was erased: it goes to nobody"))
            query = "UPDATE mailing SET target = ?, revision = revision + ? WHERE number = ?"
            connection.execute(query, (json.dumps(other._asdict()), State(state) in OVERTAKES, number))
            changed.append(int(number))
    empty_log(connection)
    return changed


def _sources(target: Spec) -> bool:
    return bool(target.selections or target.projects or target.persons)


def _others(texts: Collection[str], contact: int | None, subjects: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in texts if one != f"#{contact}" and key_of(one) not in subjects)
