"""Which types of mail somebody gets, and why not the others: what they asked for beside the suppression list."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from postduif.bounce.address_state import EVERY_TYPE, Cause, Entry
from postduif.campaign.audience.subscriptions import SubscriptionState, SubscriptionType, types

SAID_THEMSELVES = frozenset({Cause.COMPLAINT, Cause.UNSUBSCRIBE, Cause.ERASED})
"""Causes that are somebody's own words, and not for us to take back."""


class Standing(NamedTuple):
    """Of one person for one type of mail."""

    type: SubscriptionType
    words: str
    """What they are: everybody gets it, confirmed, unconfirmed, not asked, unsubscribed."""
    gets: bool
    """Mail of this type goes to them, as far as this type is concerned."""
    since: float | None
    """Seconds since the epoch."""


def standings(connection: sqlite3.Connection, contact: int, entries: Sequence[Entry]) -> list[Standing]:
    """For each type. `entries`: what the suppression list has about the address."""
    query = "SELECT type, state, since FROM subscription WHERE contact = ?"
    asked = {type_.lower(): (state, since) for type_, state, since in connection.execute(query, (contact,))}
    left = {one.type.lower(): one.state.at for one in entries if one.state.cause == Cause.UNSUBSCRIBE}
    return [_standing(one, asked.get(one.name.lower()), left) for one in types(connection).values()]


def _standing(type_: SubscriptionType, asked: tuple[str, float] | None, left: dict[str, float]) -> Standing:
    at = left.get(type_.name.lower(), left.get(EVERY_TYPE))
    if at is not None:
        return Standing(type_, "unsubscribed", gets=False, since=at)
    if asked is None:
        return Standing(type_, "everybody gets it" if type_.everybody else "not asked", type_.everybody, None)
    state, since = asked
    gets = state == SubscriptionState.CONFIRMED or type_.everybody or not type_.confirm
    return Standing(type_, state, gets, since)
