"""Selections: made, changed, filled."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.selections import (
    CHUNK,
    SelectionFault,
    SelectionKind,
    add_addresses,
    add_members,
    address_count,
    addresses,
    brief,
    change_condition,
    create,
    delete,
    listed,
    named,
    remove_members,
)
from postduif.campaign.database import transaction
from tests.campaign.audience.people import NOW, an_audience, person


def test_members() -> None:
    """People are in a static selection once; who is not known cannot be in it."""
    connection = an_audience()
    ids = [person(connection, f"{name}@example.com", name=name) for name in ("ann", "bob")]
    club = create(connection, " The   club ", SelectionKind.STATIC, NOW, note="friends")
    assert club.name == "The club"
    assert add_members(connection, club, iter([*ids, 99]), NOW + 5) == 2
    assert add_members(connection, club, ids, NOW + 5) == 0
    assert remove_members(connection, club, [1, 99], NOW + 6) == 1
    assert named(connection, "the CLUB").changed == NOW + 6
    assert brief(connection, [2, 1]) == [
        {"id": 1, "email": "ann@example.com", "name": "ann"},
        {"id": 2, "email": "bob@example.com", "name": "bob"},
    ]


def test_many_members() -> None:
    """More than a chunk of them is taken, too."""
    connection = an_audience()
    connection.executemany(
        "INSERT INTO contact (email, subject, created, changed) VALUES ('', ?, 0, 0)",
        [(str(number),) for number in range(CHUNK + 1)],
    )
    club = create(connection, "club", SelectionKind.STATIC, NOW)
    with transaction(connection):
        assert add_members(connection, club, range(CHUNK + 2), NOW) == CHUNK + 1


def test_addresses() -> None:
    """A list of addresses has them in order, each once."""
    connection = an_audience()
    left = create(connection, "left out", SelectionKind.ADDRESSES, NOW)
    assert add_addresses(connection, left, ["b@x.example", "a@x.example", "b@x.example"], NOW) == 2
    assert (address_count(connection, left), addresses(connection, left, 1)) == (2, ["a@x.example"])
    assert addresses(connection, left, 1, "a@x.example") == ["b@x.example"]


def test_condition_is_judged_when_saved() -> None:
    """A condition that cannot be asked is not saved, and one that was saved stays."""
    connection = an_audience()
    with pytest.raises(ConditionFault), transaction(connection):
        create(connection, "bad", SelectionKind.DYNAMIC, NOW, "shoe = 1")
    assert listed(connection) == []
    with transaction(connection):
        made = create(connection, "adults", SelectionKind.DYNAMIC, NOW, "age >= 18")
    with pytest.raises(ConditionFault), transaction(connection):
        change_condition(connection, made, "age >=", NOW)
    with transaction(connection):
        change_condition(connection, made, "age >= 21", NOW + 1)
    assert named(connection, "adults") == made._replace(condition="age >= 21", changed=NOW + 1)
    with transaction(connection):
        delete(connection, made, NOW)
    assert listed(connection) == []


def test_faults() -> None:
    """What a selection cannot be, or do, is said."""
    connection = an_audience()
    club = create(connection, "club", SelectionKind.STATIC, NOW)
    faults = [
        (lambda: create(connection, "Club", SelectionKind.STATIC, NOW), "already"),
        (lambda: create(connection, " ", SelectionKind.STATIC, NOW), "1 to 200 characters"),
        (lambda: create(connection, "x", SelectionKind.STATIC, NOW, "age = 1"), "no other has one"),
        (lambda: create(connection, "x", SelectionKind.DYNAMIC, NOW), "has a condition"),
        (lambda: change_condition(connection, club, "age = 1", NOW), "only a dynamic selection"),
        (lambda: add_addresses(connection, club, ["x"], NOW), "is static, not addresses"),
        (lambda: named(connection, "clubs"), 'did you mean "club"?'),
    ]
    for act, said in faults:
        with pytest.raises(SelectionFault, match=said):
            act()
