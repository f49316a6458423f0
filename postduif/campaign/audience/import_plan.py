"""What an import will do, before it does anything: what the file is, what its columns are, how it begins."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience.attributes import Kind, declared
from postduif.campaign.audience.heading import (
    EMAIL,
    FAMILY,
    GIVEN,
    LANGUAGE,
    NAME,
    OWN_EMAIL,
    Column,
    HeadingFault,
    Wish,
    columns,
    is_heading,
    unheaded,
)
from postduif.campaign.audience.sheet import Sheet
from postduif.campaign.audience.sheet_fault import SheetFault
from postduif.campaign.audience.values import Conventions

SAMPLE = 1000
"""Rows that the kinds of new attributes are judged by."""
SHOWN = 5


class Duplicates(StrEnum):
    """What becomes of a row about somebody who is known."""

    UPDATE = "update"
    SKIP = "skip"
    ERROR = "error"


class Options(NamedTuple):
    """How a file is to be taken in."""

    wishes: Mapping[str, Wish] = {}
    """What columns are, by heading or number from 1."""
    conventions: Conventions = Conventions()
    duplicates: Duplicates = Duplicates.UPDATE
    new_attributes: bool = False
    keep_invalid: bool = False
    ad_hoc: bool = False
    """Only name and e-mail of unknown people are taken, and nothing of known ones is changed."""
    collection: str = ""
    """The rows are child records of this kind; the address says whose."""
    selection: str = ""
    """Everybody in the file is put into this static selection; made if it is not there."""
    project: str = ""
    role: str = ""
    subscribe: str = ""
    """Everybody in the file agreed to this type of mail, in this `wording`."""
    wording: str = ""
    source: str = ""
    """Default: the name of the file."""


class Plan(NamedTuple):
    """Ready to be carried out."""

    sheet: Sheet
    columns: tuple[Column, ...]
    headed: bool
    """The first line is the heading."""
    first_rows: tuple[tuple[int, list[str]], ...]
    """For a preview."""
    left_out: tuple[str, ...]
    """Headings of columns that are nothing, though nobody said so."""


class Glance(NamedTuple):
    """The beginning of a file."""

    headed: bool
    heading: list[str]
    """Made up when the file has none."""
    rows: tuple[tuple[int, list[str]], ...]
    """With the number of their line."""


def glance(sheet: Sheet) -> Glance:
    """Read the heading and a sample. Raises SheetFault."""
    rows = list(islice(sheet.lines(), SAMPLE + 1))
    if not rows:
        raise SheetFault("the file is empty")
    headed = is_heading(rows[0][1])
    heading = [cell.strip() for cell in rows[0][1]] if headed else unheaded(rows[0][1])
    return Glance(headed, heading, tuple(rows[headed:]))


def plan(connection: sqlite3.Connection, sheet: Sheet, options: Options, begun: Glance | None = None) -> Plan:
    """Judge the heading and a sample: what was `begun` with, or read now. Raises SheetFault and HeadingFault."""
    headed, heading, rows = begun or glance(sheet)
    sample = [cells for _, cells in rows]
    known = {} if options.ad_hoc else declared(connection, options.collection)
    new = options.new_attributes and not options.ad_hoc
    found = columns(heading, sample, known, options.wishes, options.conventions, new=new)
    if not any(one.to == EMAIL for one in found):
        raise HeadingFault(f"no column has addresses; say which: --map '{heading[0]}=email'")
    found = [one if _fits(one, options) else Column(one.heading, "", Kind.TEXT, new=False) for one in found]
    return Plan(sheet, tuple(found), headed, rows[:SHOWN], _left_out(found, options.wishes))


def _left_out(found: Sequence[Column], wishes: Mapping[str, Wish]) -> tuple[str, ...]:
    said = {key.strip().casefold() for key in wishes}
    nothing = [(str(place), one.heading.strip()) for place, one in enumerate(found, 1) if not one.to]
    return tuple(title for place, title in nothing if title and not {place, title.casefold()} & said)


def digest(path: Path, options: Options, read_as: str) -> str:
    """The same for the same content, options and way to read it: so a run that was broken off is known again.

    `read_as`: what the sheet says of itself. The lines of another sheet, or in another encoding, are others.
    """
    found = hashlib.blake2b(repr((options, read_as)).encode("utf-8", "surrogatepass"), digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            found.update(block)
    return found.hexdigest()


def _fits(one: Column, options: Options) -> bool:
    """An ad-hoc file has name and e-mail; a child record has neither name nor language of its person."""
    if options.ad_hoc:
        return one.to in (EMAIL, NAME, GIVEN, FAMILY)
    return one.to not in ((NAME, LANGUAGE, GIVEN, FAMILY) if options.collection else (OWN_EMAIL,))
