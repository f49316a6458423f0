"""The readers of the demonstration's mailing: who they are, what becomes of each, and what the figures must be then.

The same number of people is the same people each time.
"""

from __future__ import annotations

import csv
import enum
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_FIRST = ("Anna", "Ben", "Chloë", "Daan", "Emma", "Finn", "Grace", "Hugo", "Isa", "Jonas", "Kim", "Łukasz", "Мария")
_LAST = ("de Vries", "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Jansen")
_CITIES = ("Utrecht", "Groningen", "Maastricht", "Zwolle", "Den Haag")
_DOMAINS = ("example.net", "example.org", "mail.example.com", "school.example", "shop.example", "town.example")
SLOW, CLOSED, RIVAL = "slow.example", "closed.example", "rival.example"
RULES = f"""
[[rule]]
domain = "{SLOW}"
greylist = "2s"

[[rule]]
domain = "{CLOSED}"
rcpt = {{reply = "550 5.1.1 no such user here"}}
"""
"""For the sink."""


class Lot(enum.Enum):
    """What becomes of somebody."""

    READS = "delivered"
    WAITS = "delivered, in the end"
    """Their host turns us away at first."""
    GONE = "failed"
    """Their host knows no such user."""
    DOUBLE = "double"
    """A second row in the file about the one before."""
    NO_ADDRESS = "invalid_syntax"
    LEFT = "unsubscribed"
    COMPLAINED = "denylisted"
    CAME_BACK = "quarantine"
    OF_RIVAL = "excluded_domain"

    @property
    def excluded(self) -> bool:
        """They are meant and get nothing; the value is the cause."""
        return self in (Lot.NO_ADDRESS, Lot.LEFT, Lot.COMPLAINED, Lot.CAME_BACK, Lot.OF_RIVAL)


_ONE_IN = {
    Lot.WAITS: 25,
    Lot.GONE: 40,
    Lot.DOUBLE: 45,
    Lot.LEFT: 55,
    Lot.CAME_BACK: 85,
    Lot.NO_ADDRESS: 95,
    Lot.COMPLAINED: 145,
    Lot.OF_RIVAL: 195,
}
_CAUSES = {Lot.LEFT: "unsubscribe", Lot.CAME_BACK: "hard_bounce", Lot.COMPLAINED: "complaint"}
"""What the suppression list calls it."""
_NO_CITY = 30  # one in so many


class Person(NamedTuple):
    """A row of the file."""

    email: str
    name: str
    city: str
    lot: Lot


def people(count: int) -> list[Person]:
    """So many rows. Even few have somebody of each lot, if they are a dozen."""
    found: list[Person] = []
    for number in range(count):
        lot = _lot(number)
        if lot is Lot.DOUBLE:
            found.append(found[-1]._replace(lot=lot))
            continue
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // 7 % len(_LAST)]}"
        city = "" if number % _NO_CITY == 0 else _CITIES[number % len(_CITIES)]
        found.append(Person(_email(number, lot), name, city, lot))
    return found


def _lot(number: int) -> Lot:
    every = list(_ONE_IN)
    if 1 <= number <= len(every):
        return every[number - 1]
    return next((lot for lot, share in _ONE_IN.items() if number % share == share - 1), Lot.READS)


def _email(number: int, lot: Lot) -> str:
    domains = {Lot.WAITS: SLOW, Lot.GONE: CLOSED, Lot.OF_RIVAL: RIVAL}
    domain = domains.get(lot, _DOMAINS[number % len(_DOMAINS)])
    return f"reader{number}{'' if lot is Lot.NO_ADDRESS else '@'}{domain}"


def sheet(found: Sequence[Person]) -> str:
    """The file that is taken in."""
    return _csv([("e-mail", "name", "city"), *((one.email, one.name, one.city) for one in found)])


def suppressions(found: Sequence[Person], mail_type: str) -> str:
    """A file for the suppression list."""
    listed = (
        (one.email, _CAUSES[one.lot], mail_type if one.lot is Lot.LEFT else "") for one in found if one.lot in _CAUSES
    )
    return _csv([("address", "cause", "type"), *listed])


def _csv(rows: Sequence[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


class Expected(NamedTuple):
    """What must come of them."""

    added: int
    doubles: int
    excluded: dict[str, int]
    """By cause."""
    delivered: frozenset[str]
    waited: frozenset[str]
    """Of those delivered, who were turned away at first."""
    failed: frozenset[str]

    @property
    def to_deliver(self) -> int:
        """Who is written to."""
        return len(self.delivered) + len(self.failed)


def expected(found: Sequence[Person]) -> Expected:
    """Of these."""
    return Expected(
        added=sum(one.lot is not Lot.DOUBLE for one in found),
        doubles=sum(one.lot is Lot.DOUBLE for one in found),
        excluded=dict(Counter(one.lot.value for one in found if one.lot.excluded)),
        delivered=frozenset(_of(found, Lot.READS, Lot.WAITS)),
        waited=frozenset(_of(found, Lot.WAITS)),
        failed=frozenset(_of(found, Lot.GONE)),
    )


def _of(found: Sequence[Person], *lots: Lot) -> Iterator[str]:
    return (one.email for one in found if one.lot in lots)
