"""Attributes and child records are declared before anything is known of them."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.attributes import (
    RESERVED,
    AttributeFault,
    Kind,
    collections,
    declare,
    declare_collection,
    declared,
    name_of,
    remove,
)
from tests.campaign.audience.people import an_audience, order, person


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Voornaam", "voornaam"),
        ("E-mail (work)", "e_mail_work"),
        ("  Größe  ", "grösse"),
        ("2026 target", "x_2026_target"),
        ("会社名", "会社名"),
        ('a"; DROP TABLE contact; --', "a_drop_table_contact"),
        ("!!", ""),
        ("x" * 100, "x" * 60),
    ],
)
def test_name_of(label: str, name: str) -> None:
    """Any label becomes a name that can stand in a template and in SQL."""
    assert name_of(label) == name
    assert not name or name.isidentifier()


def test_declare_twice() -> None:
    """The same attribute again is the one that is there; as another kind it is refused."""
    connection = an_audience()
    assert declare(connection, "age", Kind.NUMBER) == declared(connection)["age"]
    with pytest.raises(AttributeFault, match="age is there already, as a number"):
        declare(connection, "age", Kind.TEXT)


@pytest.mark.parametrize("name", ["", "Age", "a b", 'a"b', "1a", *sorted(RESERVED)[:5]])
def test_bad_names(name: str) -> None:
    """A name that SQL, a template or a condition would take for something else is refused."""
    connection = an_audience()
    with pytest.raises(AttributeFault, match="cannot be a name"):
        declare(connection, name, Kind.TEXT)
    with pytest.raises(AttributeFault, match="cannot be a name"):
        declare_collection(connection, name)


def test_remove() -> None:
    """A removed attribute is gone with its values, and its name is free for another kind."""
    connection = an_audience()
    person(connection, "bob@example.com", age="12")
    remove(connection, "age")
    assert "age" not in declared(connection)
    declare(connection, "age", Kind.TEXT)
    assert connection.execute("SELECT a_age FROM contact").fetchall() == [(None,)]
    with pytest.raises(AttributeFault, match="there is no attribute 'shoe'; there are country"):
        remove(connection, "shoe")


def test_key_of_records_stays() -> None:
    """What tells records apart cannot be removed, and records cannot be told apart by something else later."""
    connection = an_audience()
    with pytest.raises(AttributeFault, match="number tells the orders of a person apart"):
        remove(connection, "number", "orders")
    with pytest.raises(AttributeFault, match="told apart by number, not by total"):
        declare_collection(connection, "orders", "total")
    with pytest.raises(AttributeFault, match="there are no child records 'cars'; there are orders"):
        declare(connection, "colour", Kind.TEXT, collection="cars")


def test_records_with_a_key() -> None:
    """A record with the key of another one of the same person completes it."""
    connection = an_audience()
    for email in ("bob@example.com", "eve@example.com"):
        person(connection, email)
        order(connection, email, 1, 10)
    order(connection, "bob@example.com", 1, None, 1)
    rows = connection.execute('SELECT contact, a_number, a_total, a_paid FROM "c_orders" ORDER BY id').fetchall()
    assert rows == [(1, 1, 10, 1), (2, 1, 10, None)]
    assert collections(connection)["orders"].key == "number"
