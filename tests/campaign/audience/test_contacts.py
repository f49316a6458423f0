"""One person, by hand."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.attributes import AttributeFault
from postduif.campaign.audience.contacts import ContactFault, correct, find, found, profile, save
from postduif.errors import AddressError
from tests.campaign.audience.people import NOW, an_audience, order, person


def test_save() -> None:
    """Who is new is entered; who is known is changed where something is given, and an empty text empties."""
    connection = an_audience()
    ann = save(connection, "Ann@Example.com", {"name": "Ann", "age": "12", "tags": "a,b"}, NOW, "hand", "joe")
    assert save(connection, "ann@example.com", {"age": "", "vip": "yes"}, NOW + 9, "form", "sign-up") == ann
    one = profile(connection, ann)
    assert (one["email"], one["name"], one["created"], one["changed"]) == ("Ann@Example.com", "Ann", NOW, NOW + 9)
    assert one["attributes"] == {"country": None, "age": None, "born": None, "vip": True, "tags": ("a", "b")}
    assert [(row["kind"], row["name"]) for row in one["sources"]] == [("hand", "joe"), ("form", "sign-up")]


def test_profile_has_records() -> None:
    """Child records are shown with their attributes."""
    connection = an_audience()
    ann = person(connection, "ann@example.com")
    order(connection, "ann@example.com", 7, 12.5, 1, "Work@example.com")
    (record,) = profile(connection, ann)["records"]["orders"]
    assert {name: record[name] for name in ("email", "number", "total", "paid")} == {
        "email": "Work@example.com",
        "number": 7,
        "total": 12.5,
        "paid": True,
    }


def test_find() -> None:
    """By address without regard to case, or by #ID."""
    connection = an_audience()
    ann = person(connection, "Ann@example.com")
    assert [find(connection, text) for text in ("ANN@EXAMPLE.COM", f"#{ann}", "#99", "bob@example.com", "#x", "x")] == [
        ann,
        ann,
        *[None] * 4,
    ]
    assert find(connection, "#" + "9" * 100) is None
    with pytest.raises(ContactFault, match="nobody is known as bob"):
        found(connection, "bob@example.com")


def test_correct() -> None:
    """Somebody keeps everything under another address, unless that is somebody else's."""
    connection = an_audience()
    ann, bob = person(connection, "ann@example.com", age="12"), person(connection, "bob@example.com")
    correct(connection, ann, "Anna@example.com", NOW)
    assert find(connection, "anna@example.com") == ann
    assert profile(connection, ann)["attributes"]["age"] == 12
    with pytest.raises(ContactFault, match=f"is #{bob} already"):
        correct(connection, ann, "BOB@example.com", NOW)
    correct(connection, ann, "ANNA@example.com", NOW)
    assert profile(connection, ann)["email"] == "ANNA@example.com"


def test_faults() -> None:
    """An address that is none, an unknown attribute and a value of another kind are said, and nothing is entered."""
    connection = an_audience()
    with pytest.raises(AddressError):
        person(connection, "ann")
    with pytest.raises(AttributeFault, match="there is no attribute 'shoe'"):
        person(connection, "ann@example.com", shoe="1")
    with pytest.raises(ContactFault, match="age: 'old' is no number"):
        person(connection, "ann@example.com", age="old")
    assert connection.execute("SELECT count(*) FROM contact").fetchone() == (0,)
