"""Types of mail, who gets which, and the proof that they agreed.

A type is for everybody who has not unsubscribed, or for those who asked for it; with `confirm` only who followed the
link in a mail gets it (double opt-in). Who unsubscribed is on the suppression list, and nowhere else: here is only who
asked. Each step is a row of proof with the time, the network address, the wording and who says so, and rows are never
changed.
"""

from __future__ import annotations

import re
import sqlite3
from enum import StrEnum
from typing import NamedTuple

from postduif.campaign.audience.condition.vocabulary import nearest
from postduif.errors import PostduifError

MAX_PROOF = 1000
"""Characters of each text of a proof."""


class SubscriptionState(StrEnum):
    """How far somebody who asked is."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


class ConsentEvent(StrEnum):
    """What a row of proof is about."""

    ASKED = "asked"
    """They asked for it. Whoever notes that sends the link, if one is needed; forms do so."""
    CONFIRMED = "confirmed"
    """They followed the link, or somebody vouches for it."""
    WITHDRAWN = "withdrawn"
    """They want no more of it."""
    RENEWED = "renewed"
    """They want it after all."""
    TRACKING_REFUSED = "tracking refused"
    TRACKING_ALLOWED = "tracking allowed"


class SubscriptionType(NamedTuple):
    """A type of mail."""

    name: str
    """What the suppression list and mailings call it."""
    title: str
    """What people read."""
    description: str
    everybody: bool
    confirm: bool
    offered: bool = True
    """On the preference page of every reader; else only of who asked for it, to leave it."""


class Proof(NamedTuple):
    """How somebody agreed. `at` in seconds since the epoch."""

    at: float
    wording: str
    """The version of the text they agreed to."""
    source: str
    """Who says so: a form, a file, an operator."""
    origin: str = ""
    """The network address they came from."""


class SubscriptionFault(PostduifError):  # noqa: N818  the name says what is the case
    """A type or a proof that cannot be so; the text names the remedy."""


class NoSuchType(SubscriptionFault):
    """None has that name."""


def types(connection: sqlite3.Connection) -> dict[str, SubscriptionType]:
    """All types, by name."""
    rows = connection.execute(
        "SELECT name, title, description, everybody, confirm, offered FROM subscription_type ORDER BY name"
    ).fetchall()
    return {name: SubscriptionType(name, title, text, *map(bool, flags)) for name, title, text, *flags in rows}


class Asked(NamedTuple):
    """How many asked for a type, whether they left it since or not."""

    confirmed: int
    unconfirmed: int


def counted(connection: sqlite3.Connection) -> dict[str, Asked]:
    """By name of the type; those that nobody asked for are left out."""
    query = (
        "SELECT type, total(state = 'confirmed'), total(state <> 'confirmed') FROM subscription "
        "GROUP BY type COLLATE NOCASE"
    )
    return {name: Asked(int(confirmed), int(rest)) for name, confirmed, rest in connection.execute(query)}


def type_named(connection: sqlite3.Connection, name: str) -> SubscriptionType:
    """The type of that name. Raises SubscriptionFault."""
    known = types(connection)
    for one in known.values():
        if one.name.lower() == name.lower():
            return one
    raise NoSuchType(f"there is no type of mail {name!r}{nearest(name, tuple(known))}")


def save_type(connection: sqlite3.Connection, one: SubscriptionType) -> None:
    """Make a type, or change the one of that name. Inside a transaction. Raises SubscriptionFault."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", one.name):
        raise SubscriptionFault(f"{one.name!r} is no name of a type; write letters, digits, . _ and -, as news")
    connection.execute(
        "INSERT INTO subscription_type (name, title, description, everybody, confirm, offered) "
        "VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET title = excluded.title, description = excluded.description, "
        "everybody = excluded.everybody, confirm = excluded.confirm, offered = excluded.offered",
        one,
    )


def delete_type(connection: sqlite3.Connection, name: str) -> None:
    """Away with a type; the proofs stay. Inside a transaction. Raises SubscriptionFault."""
    connection.execute("DELETE FROM subscription_type WHERE name = ?", (type_named(connection, name).name,))


def ask(connection: sqlite3.Connection, contact: int, type_: SubscriptionType, proof: Proof) -> SubscriptionState:
    """Somebody asks for a type. Returns what they are now: confirmed at once when the type needs no link.

    Who is confirmed stays so. Inside a transaction. Raises SubscriptionFault.
    """
    state = SubscriptionState.UNCONFIRMED if type_.confirm else SubscriptionState.CONFIRMED
    _prove(connection, [contact], type_, ConsentEvent.ASKED, proof)
    return _become(connection, [contact], type_, state, proof.at)


def confirm(connection: sqlite3.Connection, contact: int, type_: SubscriptionType, proof: Proof) -> SubscriptionState:
    """Somebody followed the link, or an operator vouches. Inside a transaction. Raises SubscriptionFault."""
    confirm_all(connection, [contact], type_, proof)
    return SubscriptionState.CONFIRMED


def confirm_all(connection: sqlite3.Connection, contacts: list[int], type_: SubscriptionType, proof: Proof) -> None:
    """Somebody vouches that all of these agreed, as an import does. Who is confirmed already gets no second proof.

    Inside a transaction. Raises SubscriptionFault.
    """
    query = "SELECT contact FROM subscription WHERE type = ? AND state = 'confirmed'"
    if len(contacts) == 1:
        rows = connection.execute(f"{query} AND contact = ?", (type_.name, contacts[0]))
    else:
        rows = connection.execute(f"{query} AND contact BETWEEN ? AND ?", (type_.name, min(contacts), max(contacts)))
    known = {contact for (contact,) in rows.fetchall()}
    new = [contact for contact in contacts if contact not in known]
    _prove(connection, new, type_, ConsentEvent.CONFIRMED, proof)
    _become(connection, new, type_, SubscriptionState.CONFIRMED, proof.at)


def note_once(connection: sqlite3.Connection, contact: int, type_: str, event: ConsentEvent, proof: Proof) -> None:
    """Keep the proof of what somebody asked for, unless it is there: for who may have to write again after a crash.

    `type_`: name of the type of mail, "" for all of it. Nothing for somebody who is gone. Inside a transaction.
    """
    query = "SELECT 1 FROM consent WHERE contact = ? AND type = ? AND event = ? AND at = ?"
    known = connection.execute("SELECT 1 FROM contact WHERE id = ?", (contact,)).fetchone()
    if known and not connection.execute(query, (contact, type_, event.value, proof.at)).fetchone():
        _write(connection, [contact], type_, event, proof)


def _prove(
    connection: sqlite3.Connection, contacts: list[int], type_: SubscriptionType, event: ConsentEvent, proof: Proof
) -> None:
    if not proof.wording.strip() or not proof.source.strip():
        raise SubscriptionFault("a proof says which wording people agreed to, and who says so")
    _write(connection, contacts, type_.name, event, proof)


def _write(connection: sqlite3.Connection, contacts: list[int], type_: str, event: ConsentEvent, proof: Proof) -> None:
    texts = [text.strip()[:MAX_PROOF] for text in (proof.origin, proof.wording, proof.source)]
    connection.executemany(
        "INSERT INTO consent (contact, type, event, at, origin, wording, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(contact, type_, event.value, proof.at, *texts) for contact in contacts],
    )


def _become(
    connection: sqlite3.Connection, contacts: list[int], type_: SubscriptionType, state: SubscriptionState, at: float
) -> SubscriptionState:
    connection.executemany(
        "INSERT INTO subscription (contact, type, state, since) VALUES (?, ?, ?, ?) ON CONFLICT (contact, type) "
        "DO UPDATE SET state = excluded.state, since = excluded.since "
        "WHERE state = 'unconfirmed' AND excluded.state = 'confirmed'",
        [(contact, type_.name, state.value, at) for contact in contacts],
    )
    if len(contacts) != 1:
        return state
    query = "SELECT state FROM subscription WHERE contact = ? AND type = ?"
    return SubscriptionState(connection.execute(query, (contacts[0], type_.name)).fetchone()[0])
