"""Filters over a stream of recipients: who is left out, with which cause, in which order."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import CHUNK, Recipient, target
from postduif.campaign.checks import filters
from postduif.campaign.checks.filters import Filter, History
from postduif.campaign.checks.sieve import Capacity, ControlGroup, DeadDomains, Pressure, Sieve, made
from tests.campaign.audience.people import an_audience
from tests.campaign.audience.people import person as person_of

SEED = b"mailing 7"
NOW, DAY = 1_700_000_000.0, 86400.0


def person(contact: int, address: str = "", cause: str = "", child: int = 0) -> Recipient:
    """Somebody in the target."""
    return Recipient(contact, child, address or f"p{contact}@example.com", "[]", cause)


def people(number: int, *, at: Sequence[str] = ("example.com",)) -> Iterator[Recipient]:
    """So many, at these domains in turn."""
    return (person(one, f"p{one}@{at[one % len(at)]}") for one in range(1, number + 1))


def causes(recipients: Iterator[Recipient], *given: Filter) -> list[str]:
    """What became of each."""
    return [recipient.cause for recipient in filters.sifted(recipients, given)]


def test_nobody_vanishes() -> None:
    """Everybody comes out as they went in, over several chunks, but for the cause of who is left out."""
    number = 2 * CHUNK + 3
    before = list(people(number))
    after = list(filters.sifted(iter(before), [filters.at_most(CHUNK + 5)]))
    assert [one._replace(cause="") for one in after] == before
    assert Counter(one.cause for one in after) == {"": CHUNK + 5, "limited": number - CHUNK - 5}
    assert list(filters.sifted(iter(before), [])) == before


def test_who_is_out_already_is_not_asked_about() -> None:
    """The first cause stays, and counts for nothing."""
    stream = iter([person(1, cause="double"), person(2), person(3, cause="quarantine"), person(4), person(5)])
    assert causes(stream, filters.at_most(2)) == ["double", "", "quarantine", "", "limited"]


def test_a_filter_does_not_see_whom_one_before_it_left_out() -> None:
    """Places are given to those who will be written to."""
    stream = people(6, at=("null.example", "example.com"))
    found = causes(stream, filters.dead_domains({"null.example": "null_mx"}), filters.at_most(2))
    assert found == ["", "null_mx", "", "null_mx", "limited", "null_mx"]


def test_so_many_of_a_domain() -> None:
    """The first ones of each domain are taken."""
    found = causes(people(7, at=("a.example", "b.example")), filters.at_most_of_a_domain(3))
    assert found == [""] * 6 + ["limited"]


def test_the_control_group_is_a_share_and_always_the_same() -> None:
    """By chance, but for one mailing always the same people; for another mailing others."""
    number = 20_000
    first = causes(people(number), filters.control_group(0.1, SEED))
    assert 0.09 * number < first.count("control_group") < 0.11 * number
    assert causes(people(number), filters.control_group(0.1, SEED)) == first
    other = causes(people(number), filters.control_group(0.1, b"mailing 8"))
    both = sum(1 for one, two in zip(first, other, strict=True) if one and two)
    assert 0.005 * number < both < 0.015 * number


def test_a_larger_control_group_holds_the_smaller() -> None:
    """Who was in it stays in it when the share grows."""
    small, large = (causes(people(1000), filters.control_group(share, SEED)) for share in (0.1, 0.3))
    assert all(later for earlier, later in zip(small, large, strict=True) if earlier)


def test_a_person_is_in_the_control_group_as_a_whole() -> None:
    """All records of a person have the same fate."""
    stream = (person(one, child=child) for one in range(200) for child in (1, 2))
    found = causes(stream, filters.control_group(0.5, SEED))
    assert found[::2] == found[1::2]


class Past:
    """A history in SQLite: who was, or will be, sent what, and what it weighs."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE TABLE sent (contact INTEGER, at REAL, weight REAL)")
        self.connection.execute("CREATE INDEX of_contact ON sent (contact, at)")
        self.questions = 0

    def note(self, contact: int, days_ago: float, weight: float = 1.0) -> None:
        """A mailing so long ago."""
        self.connection.execute("INSERT INTO sent VALUES (?, ?, ?)", (contact, NOW - days_ago * DAY, weight))

    def within(self, days: float) -> History:
        """What everybody had in the last days; one question for each chunk."""

        def _had(contacts: Sequence[int]) -> Mapping[int, float]:
            self.questions += 1
            marks = ",".join("?" * len(contacts))
            rows = self.connection.execute(
                f"SELECT contact, sum(weight) FROM sent WHERE contact IN ({marks}) AND at > ? GROUP BY contact",
                (*contacts, NOW - days * DAY),
            )
            return dict(rows.fetchall())

        return _had


def test_pressure_counts_what_people_had() -> None:
    """Who would come above the threshold is left out; what is older than the window does not count."""
    past = Past()
    for contact, ages in {1: [], 2: [1.0], 3: [1.0, 2.0], 4: [1.0, 8.0]}.items():
        for age in ages:
            past.note(contact, age)
    found = causes(people(4), filters.pressure(past.within(7), threshold=2, weight=1))
    assert found == ["", "", "frequency_cap", ""]


def test_pressure_weighs() -> None:
    """A heavy mailing before, or a heavy one now, counts for several; who had nothing may be asked too much as well."""
    past = Past()
    past.note(1, 1.0, weight=3)
    assert causes(people(2), filters.pressure(past.within(7), 3, 1)) == ["frequency_cap", ""]
    assert causes(people(2), filters.pressure(past.within(7), 4, 1)) == ["", ""]
    assert causes(people(2), filters.pressure(past.within(7), 4, 5)) == ["frequency_cap"] * 2


def test_history_is_asked_once_a_chunk() -> None:
    """Thousands at a time, not one by one."""
    past = Past()
    past.note(CHUNK + 1, 1.0)
    found = causes(people(CHUNK + 1), filters.pressure(past.within(7), 1, 1))
    assert (past.questions, found.index("frequency_cap")) == (2, CHUNK)


def test_a_target_of_real_people(tmp_path: Path) -> None:
    """What the target has against somebody stays; the rest meets the filters, and all are counted."""
    connection = an_audience()
    for name in ("ann", "bob", "cas", "dirk"):
        person_of(connection, f"{name}@example.com")
    person_of(connection, "eva@null.example")
    sieves: tuple[Sieve, ...] = (DeadDomains(), Capacity(2))
    given = made(sieves, dead={"null.example": "null_mx"}, seed=SEED, history=Past().within)
    spec = Spec(condition="id > 0", exclude_addresses=("bob@example.com",))
    with suppression_link(tmp_path) as link:
        found = list(filters.sifted(target(connection, tmp_path, link, spec, NOW).recipients(()), given))
    assert [(one.address.partition("@")[0], one.cause) for one in found] == [
        ("ann", ""),
        ("bob", "excluded_address"),
        ("cas", ""),
        ("dirk", "limited"),
        ("eva", "null_mx"),
    ]


def test_sieves_work_in_their_order() -> None:
    """Filtering, pressure, capacity, however the typology names them."""
    past = Past()
    past.note(3, 1.0)
    sieves: tuple[Sieve, ...] = (Capacity(1, 2), Pressure(7, 1), DeadDomains(), ControlGroup(1e-9))
    stream = people(6, at=("null.example", "b.example"))
    given = made(sieves, dead={"null.example": "null_mx"}, seed=SEED, history=past.within)
    assert causes(stream, *given) == ["", "null_mx", "frequency_cap", "null_mx", "limited", "null_mx"]


@pytest.mark.parametrize(("sieve", "number"), [(Capacity(), 0), (Capacity(5), 1), (Capacity(5, 1), 2)])
def test_a_capacity_that_limits_nothing_is_no_filter(sieve: Sieve, number: int) -> None:
    """What is not said costs nothing."""
    assert len(made((sieve,), dead={}, seed=b"", history=Past().within)) == number
