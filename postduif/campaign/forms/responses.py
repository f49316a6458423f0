"""What readers answered, for the results of a mailing: who, how many, and what one of them said. Seeds are left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postduif.campaign.forms import answers
from postduif.campaign.forms.answers import Answer
from postduif.campaign.forms.connection import are_there, forms

_OF_MAILING = "FROM answer WHERE mailing = ? AND mailing <> 0"
_WHO = f"SELECT DISTINCT number {_OF_MAILING} AND number > ? AND NOT seed ORDER BY number LIMIT ?"
_PEOPLE = f"SELECT count(DISTINCT number) {_OF_MAILING} AND NOT seed"


def who(data_dir: Path, mailing: int, *, after: int = -1, limit: int = 1000) -> tuple[int, ...]:
    """A page of the recipients who answered any form, by number, from behind `after`. Raises StoreError."""
    if not are_there(data_dir):
        return ()
    with forms(data_dir) as connection:
        return tuple(number for (number,) in connection.execute(_WHO, (mailing, after, limit)))


def count(data_dir: Path, mailing: int) -> int:
    """Different recipients who answered. Raises StoreError."""
    if not are_there(data_dir):
        return 0
    with forms(data_dir) as connection:
        return int(connection.execute(_PEOPLE, (mailing,)).fetchone()[0])


def of_reader(data_dir: Path, mailing: int, number: int) -> list[Answer]:
    """What one recipient answered. Raises StoreError."""
    if not are_there(data_dir):
        return []
    with forms(data_dir) as connection:
        return answers.of_reader(connection, mailing, number)


def told(data_dir: Path, contact: int, subjects: Sequence[str]) -> list[dict[str, object]]:
    """All that a person answered anywhere, as they may see it; as JSON can have it. Raises StoreError."""
    if not are_there(data_dir):
        return []
    with forms(data_dir) as connection:
        found = answers.of_person(connection, contact, subjects)
    shown = ("form", "version", "at", "email", "types", "values", "origin", "mailing", "confirmed", "confirmed_origin")
    return [{name: getattr(one, name) for name in shown} for one in found]
