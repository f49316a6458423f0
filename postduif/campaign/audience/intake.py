"""One row of a file, judged: a person, or the reason why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.contacts import invalid_key
from postduif.campaign.audience.heading import (
    EMAIL,
    FAMILY,
    FIRST_NAME,
    GIVEN,
    LAST_NAME,
    NAME,
    OWN_EMAIL,
    Column,
)
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.upsert import Child, Person
from postduif.campaign.audience.values import Conventions, Stored, ValueFault, read
from postduif.errors import AddressError
from postduif.spreadsheet import unguarded

_UNSTORED = ("", EMAIL, OWN_EMAIL, GIVEN, FAMILY)
_FAMILY_FIRST = ("姓", "氏")
"""Headings of family names that stand before the given name."""
REMEMBERED = 2000
"""Texts of a column whose values are remembered: countries, cities and the like come again and again."""


class RowFault(Exception):  # noqa: N818  the name says what is the case
    """The row cannot be taken. `address`: what it is filed under in the log, "" when it has none."""

    def __init__(self, reason: str, address: str) -> None:
        super().__init__(reason)
        self.address = address


class Intake:
    """For the columns of one file."""

    def __init__(
        self, columns: Sequence[Column], conventions: Conventions, *, keep_invalid: bool, of_children: bool
    ) -> None:
        """`keep_invalid`: a person whose address is none is taken, and never written to."""
        self._width = len(columns)
        self._email = next(place for place, one in enumerate(columns) if one.to == EMAIL)
        self._conventions = conventions
        self._keep_invalid = keep_invalid
        self._own = next((place for place, one in enumerate(columns) if one.to == OWN_EMAIL), None)
        self._taken: list[tuple[int, str, Kind, dict[str, Stored]]]
        taken = [(place, one) for place, one in enumerate(columns) if one.to not in _UNSTORED]
        self._taken = [(place, one.heading, one.kind, {}) for place, one in taken]
        self.names = [one.to for _, one in taken]
        """What the values of a person are, in their order."""
        self._parts = [] if NAME in self.names or of_children else _parts(columns)
        if self._parts:
            self.names.append(NAME)

    def person(self, cells: Sequence[str]) -> Person:
        """Who this row is. Raises RowFault."""
        given = unguarded(self._cell(cells, self._email)).strip()
        if not given:
            raise RowFault("no e-mail address", "")
        try:
            email, subject = check(given)
            invalid = ""
        except AddressError as error:
            email, subject, invalid = given, invalid_key(given), str(error)
            if not self._keep_invalid:
                raise RowFault(f"{given[:100]!r} is no address: {invalid}", subject) from None
        return Person(email, subject, invalid, self._values(cells, subject))

    def child(self, cells: Sequence[str]) -> Child:
        """Which child record this row is; the address says whose. Raises RowFault."""
        person = self.person(cells)
        own = "" if self._own is None else unguarded(self._cell(cells, self._own)).strip()
        if not own:
            return Child(person.subject, None, None, person.values)
        try:
            return Child(person.subject, *check(own), person.values)
        except AddressError as error:
            raise RowFault(f"{own[:100]!r} is no address: {error}", person.subject) from None

    def _values(self, cells: Sequence[str], subject: str) -> tuple[Stored, ...]:
        if len(cells) > self._width and any(cells[self._width :]):
            raise RowFault(f"has {len(cells)} cells, and the heading {self._width}", subject)
        values: list[Stored] = []
        for place, heading, kind, known in self._taken:
            text = cells[place] if place < len(cells) else ""
            if text in known:
                values.append(known[text])
                continue
            try:
                value = read(kind, unguarded(text) if text[:1] == "'" else text, self._conventions)
            except ValueFault as fault:
                raise RowFault(f"{heading}: {fault}", subject) from None
            if len(known) < REMEMBERED:
                known[text] = value
            values.append(value)
        if self._parts:
            values.append(self._joined(cells, subject))
        return tuple(values)

    def _joined(self, cells: Sequence[str], subject: str) -> Stored:
        """The name that its parts make."""
        try:
            parts = [read(Kind.TEXT, unguarded(self._cell(cells, place))) for place in self._parts]
        except ValueFault as fault:
            raise RowFault(f"name: {fault}", subject) from None
        return " ".join(str(part) for part in parts if part is not None) or None

    def _cell(self, cells: Sequence[str], place: int) -> str:
        return cells[place] if place < len(cells) else ""


def _parts(columns: Sequence[Column]) -> list[int]:
    """The places of the parts of a name, in the order in which they are said."""
    given = [place for place, one in enumerate(columns) if one.to in (FIRST_NAME, GIVEN)]
    family = [place for place, one in enumerate(columns) if one.to in (LAST_NAME, FAMILY)]
    before = any(columns[place].heading.strip() in _FAMILY_FIRST for place in family)
    return family + given if before else given + family
