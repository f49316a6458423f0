"""What the columns of a file are."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.attributes import Attribute, Kind
from postduif.campaign.audience.heading import HeadingFault, Wish, columns, is_heading, unheaded
from postduif.campaign.audience.values import Conventions, DateOrder

ISO = Conventions()
KNOWN = {
    "city": Attribute("city", Kind.TEXT, "Woonplaats"),
    "first_name": Attribute("first_name", Kind.TEXT, "first_name"),
    "age": Attribute("age", Kind.NUMBER, "Age"),
}


def taken(
    heading: list[str],
    sample: list[list[str]] | None = None,
    wishes: dict[str, Wish] | None = None,
    *,
    new: bool = False,
    conventions: Conventions = ISO,
) -> list[str]:
    """What each column becomes, with the kind of new ones."""
    found = columns(heading, sample or [], KNOWN, wishes or {}, conventions, new=new)
    return [f"{one.to}:{one.kind}" if one.new else one.to for one in found]


@pytest.mark.parametrize(
    "heading",
    [
        ["E-mailadres", "Naam", "Taal"],
        ["E-Mail-Adresse", "Name", "Sprache"],
        ["Adresse e-mail", "Nom complet", "Langue"],
        ["Correo electrónico", "Nombre completo", "Idioma"],
        ["メールアドレス", "氏名", "言語"],
        ["EMAIL", "Full name", "language"],
    ],
)
def test_languages(heading: list[str]) -> None:
    """E-mail, name and language are known in many languages."""
    assert taken(heading) == ["email", "name", "language"]


def test_by_name_and_label() -> None:
    """Attributes are known by name, by label, and by what they are called elsewhere; the rest is left out."""
    assert taken(["mail", "WOONPLAATS", "Age ", "Voornaam", "Achternaam", "Shoe"]) == [
        "email",
        "city",
        "age",
        "first_name",
        "family name",
        "",
    ]


def test_the_first_counts() -> None:
    """Two columns that are the same thing: the first one is it."""
    assert taken(["email", "e-mail", "City", "Woonplaats"]) == ["email", "", "city", ""]


def test_new() -> None:
    """New attributes have the kind that all values of the sample are; what only looks like a number is text."""
    heading = ["email", "Points", "Since", "Member", "Interests", "Postcode", "Phone", "Nothing", "Domain", "!!"]
    sample = [
        ["a@x.example", "1", "2026-01-01", "ja", "a;b", "01234", "+31", "", "x", "y"],
        ["b@x.example", "2.5", "2025-12-31", "nee", "c;d", "99999", "061", "", "x", "y"],
    ]
    assert taken(heading, sample, new=True) == [
        "email",
        "points:number",
        "since:date",
        "member:boolean",
        "interests:list",
        "postcode:text",
        "phone:text",
        "nothing:text",
        "x_domain:text",
        "",
    ]
    dutch = Conventions(",", DateOrder.DAY_FIRST)
    assert taken(["Punten", "Sinds"], [["1,5", "31-12-2025"]], new=True, conventions=dutch) == [
        "punten:number",
        "sinds:date",
    ]


def test_wishes() -> None:
    """What somebody says counts, by heading or by number, with a kind if they like."""
    wishes = {"Contact": Wish("email", None), "2": Wish("points", Kind.NUMBER), "email": Wish("", None)}
    assert taken(["contact", "Score", "Email"], wishes=wishes) == ["email", "points:number", ""]
    assert taken(["E-mail", "Work e-mail"], wishes={"2": Wish("email", None)}) == ["", "email"]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"Nope": Wish("email", None)}, "there is no column 'nope'; there are a, b"),
        ({"a": Wish("city", None), "b": Wish("city", None)}, "two columns are said to be city"),
        ({"a": Wish("age", Kind.TEXT)}, "age is a number already"),
        ({"a": Wish("domain", None)}, "'domain' cannot be a name"),
    ],
)
def test_faults(wishes: dict[str, Wish], said: str) -> None:
    """What cannot be is refused."""
    with pytest.raises(HeadingFault, match=said):
        taken(["a", "b"], wishes=wishes)


def test_no_heading() -> None:
    """A first line with an address in it is a person, and the column with the address is known."""
    assert not is_heading(["Bob", "bob@example.com"])
    assert is_heading(["Name", "me@"])
    assert unheaded(["Bob", "bob@example.com", "x"]) == ["column 1", "email", "column 3"]
