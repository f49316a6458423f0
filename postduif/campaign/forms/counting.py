"""Counters of a form, by version: only ever added to, whatever becomes of its answers. Nobody is in them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

_COUNTERS = ("seen", "asked", "confirmed", "responses")


class Figures(NamedTuple):
    """Of one form, all its versions together."""

    seen: int
    """How often it was shown to a person; programs that are known are left out."""
    asked: int
    """Who signed up."""
    confirmed: int
    """Out of these."""
    responses: int
    """Readers of mailings who answered; who does so again counts once."""
    last: float | None
    """When it was filled in last, seconds since the epoch."""

    @property
    def filled(self) -> int:
        """How often it was filled in."""
        return self.asked + self.responses


def add(connection: sqlite3.Connection, form: str, version: int, counter: str, number: int = 1) -> None:
    """Add to one of `seen`, `asked`, `confirmed` and `responses`."""
    assert counter in _COUNTERS
    connection.execute(
        f"INSERT INTO count (form, version, {counter}) VALUES (?, ?, ?) "  # noqa: S608  a constant
        f"ON CONFLICT DO UPDATE SET {counter} = {counter} + excluded.{counter}",
        (form, version, number),
    )


def figures(connection: sqlite3.Connection) -> dict[str, Figures]:
    """By form; those that nobody saw yet are left out."""
    rows = connection.execute(
        "SELECT form, sum(seen), sum(asked), sum(confirmed), sum(responses), "
        "(SELECT at FROM answer WHERE answer.form = count.form ORDER BY id DESC LIMIT 1) FROM count GROUP BY form"
    )
    return {form: Figures(*counts) for form, *counts in rows}
