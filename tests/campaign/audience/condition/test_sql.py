"""What conditions mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from postduif.campaign.audience import projects
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import MAX_COMPARISONS, MAX_LEVELS, Compiler
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.selections import SelectionFault, SelectionKind, add_members, create, day, delete, named
from postduif.campaign.audience.subscriptions import SubscriptionType, save_type
from postduif.campaign.database import transaction
from tests.campaign.audience.people import DAY, NOW, an_audience, emails, order, person


@pytest.fixture(scope="module")
def people() -> Iterator[sqlite3.Connection]:
    """Four people, of whom a to d are known ever less."""
    connection = an_audience()
    person(
        connection,
        "A@Example.com",
        name="Ann",
        country="NL",
        age="40",
        born="1986-09-21",
        vip="yes",
        tags="vip;fair 26",
    )
    person(
        connection,
        "b@sub.example.com",
        NOW - 30 * DAY,
        name="Bert",
        country="be",
        age="18",
        born="2008-02-29",
        vip="no",
    )
    person(connection, "c@example.org", NOW - 400 * DAY, name="Çelik", age="17.5", tags="vipper")
    person(connection, "d@example.org", NOW - 400 * DAY)
    order(connection, "a@example.com", 1, 100, 1)
    order(connection, "a@example.com", 2, 50)
    order(connection, "b@sub.example.com", 1, 150, 0)
    with transaction(connection):
        club = create(connection, "Club", SelectionKind.STATIC, NOW)
        add_members(connection, club, [2, 3], NOW)
        projects.add(connection, projects.create(connection, "Fair 26", NOW), [2], "guest")
        save_type(connection, SubscriptionType("news", "News", "", everybody=False, confirm=False))
        create(connection, "Adults", SelectionKind.DYNAMIC, NOW, "age >= 18")
        create(connection, "Adult club", SelectionKind.DYNAMIC, NOW, '"adults" in selections and "club" in selections')
    yield connection
    connection.close()


def those(connection: sqlite3.Connection, text: str) -> str:
    """First letters of those who are meant."""
    found = Compiler(vocabulary(connection), day(NOW)).compile(read(text))
    return "".join(email[0].lower() for email in emails(connection, found.sql, found.values))


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ('country = "nl"', "a"),
        ('country != "NL"', "bcd"),
        ('not country = "NL"', "bcd"),
        ('country in ("NL", "BE")', "ab"),
        ('country not in ("NL", "BE")', "cd"),
        ('country = ""', "cd"),
        ('country != ""', "ab"),
        ("country is empty", "cd"),
        ("age > 17", "abc"),
        (f"age < 1{'0' * 400}", "abc"),
        ("age < 100000000000000000000", "abc"),
        ("age >= 18 and age < 40", "b"),
        ("not (age > 17)", "d"),
        ("not (age > 18 or vip)", "bcd"),
        ("not not (age > 18)", "a"),
        ("vip", "a"),
        ("not vip", "bcd"),
        ("vip = false", "b"),
        ("born < 2000-01-01", "a"),
        ("born > today - 19y", "b"),
        ("month(born) = month(today) and day(born) = day(today)", "a"),
        ("year(born) != 1986", "bcd"),
        ('"VIP" in tags', "a"),
        ('"fair 26" in tags', "a"),
        ('"fair" in tags', ""),
        ('"vip" not in tags', "bcd"),
        ("tags is empty", "bd"),
        ('name contains "ER"', "b"),
        ('name starts with "an"', "a"),
        ('name ends with "n"', "a"),
        ('email = "A@EXAMPLE.com"', "a"),
        ('email ends with "@example.com"', "a"),
        ('domain = "Example.ORG"', "cd"),
        ("id in (1, 4)", "ad"),
        ("created > today", ""),
        ("created >= today", "a"),
        ("created = today - 30d", "b"),
        ("created != today", "bcd"),
        ("created <= today - 30d", "bcd"),
        ("created < today - 30d", "cd"),
        ("created in (today, today - 30d)", "ab"),
        ("year(created) = 2025", "cd"),
        ("any orders", "ab"),
        ("any orders(total > 60 and paid)", "a"),
        ("any orders(not paid)", "ab"),
        ("any orders(created = today)", "ab"),
        ("not any orders(total = 150)", "acd"),
        ('"club" in selections', "bc"),
        ('"Adult Club" in selections', "b"),
        ('"TEST" in sources', "abcd"),
        ('"fair 26" in projects', "b"),
        ("valid", "abcd"),
        ("age > 1 or age < 1 or age = 1 or age is empty", "abcd"),
    ],
)
def test_means(people: sqlite3.Connection, text: str, who: str) -> None:
    """What is not known is not so: a condition and its opposite together are always everybody."""
    assert those(people, text) == who
    assert those(people, f"not ({text})") == "".join(sorted(set("abcd") - set(who)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('contry = "NL"', "contacts have no 'contry'; did you mean \"country\"?"),
        ("country > 12", 'country is a text; hold it against one, as "a text"'),
        ("age = '12'", "age is a number"),
        ("age = true", "age is a number"),
        ("born = 12", "born is a date"),
        ("age = today", "age is a number"),
        ("tags = 'vip'", 'tags is a list; ask: "..." in tags'),
        ("'x' in country", "country is no list"),
        ("country", "country is a text; hold it against something"),
        ("age contains 'x'", "age is a number, no text"),
        ("year(age) = 1", "age is no date"),
        ("bounced = true", "bounced is true or not"),
        ("selections = 'Club'", "selections is a list of names"),
        ("any cars", "there are no child records 'cars'; there are orders"),
        ("any orders(any orders)", "child records have no child records"),
        ("any orders(country = 'NL')", "orders have no 'country'"),
        ("'Clubb' in selections", "there is no selection 'Clubb'; did you mean \"Club\"?"),
        ("'tst' in sources", "there is no source 'tst'; did you mean \"test\"?"),
        ("'Fair 25' in projects", "there is no project 'Fair 25'; did you mean \"Fair 26\"?"),
        ("id < 0 and 'new' not in subscriptions", "there is no type of mail 'new'; did you mean \"news\"?"),
    ],
)
def test_faults(people: sqlite3.Connection, text: str, said: str) -> None:
    """What is not there, or is held against something of another kind, is said with the remedy."""
    with pytest.raises(ConditionFault) as caught:
        those(people, text)
    assert said in str(caught.value)


def test_values_are_never_sql(people: sqlite3.Connection) -> None:
    """Whatever a text says, it is compared and not carried out."""
    for text in ("x' OR 1=1 --", 'x"; DROP TABLE contact; --', "%", "_", "*", "\\"):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        for form in (
            f'country = "{quoted}"',
            f'"{quoted}" in tags',
            f'name contains "{quoted}"',
        ):
            assert those(people, form) == ""


def test_rings() -> None:
    """A selection cannot be within itself, nor lose one that it needs."""
    connection = an_audience()
    with transaction(connection):
        create(connection, "One", SelectionKind.DYNAMIC, NOW, "age > 1")
        create(connection, "Two", SelectionKind.DYNAMIC, NOW, '"One" in selections')
    with pytest.raises(SelectionFault, match="'Two' needs 'One'"), transaction(connection):
        delete(connection, named(connection, "One"), NOW)
    connection.execute("UPDATE selection SET condition = '\"Two\" in selections' WHERE name = 'One'")
    with pytest.raises(ConditionFault, match="without end: One -> Two -> One"):
        those(connection, '"One" in selections')


def test_too_much_for_sqlite(people: sqlite3.Connection) -> None:
    """What SQLite could not read is refused in our words; what is just allowed it reads."""
    most = " or ".join(["id = 99"] * (MAX_COMPARISONS - 1)) + " or id = 1"
    assert those(people, most) == "a"
    deep = "".join("id = 1 or not (id = 9 and (" for _ in range(MAX_LEVELS // 3)) + "id = 9"
    assert those(people, deep + "))" * (MAX_LEVELS // 3)) == "abcd"
    for text, said in ((f"{most} or id = 1", "500 comparisons"), ("not " * MAX_LEVELS + "vip", "25 levels")):
        with pytest.raises(ConditionFault, match=said):
            those(people, text)


def test_selections_that_double(people: sqlite3.Connection) -> None:
    """Selections that each name the one before twice are a thousand times as long after ten; that is refused."""
    create(people, "S0", SelectionKind.DYNAMIC, NOW, "id = 1")
    for number in range(1, 8):
        twice = f'"S{number - 1}" in selections'
        create(people, f"S{number}", SelectionKind.DYNAMIC, NOW, f"{twice} or {twice}")
    with pytest.raises(ConditionFault, match="more than 500 comparisons"):
        those(people, '"S7" in selections or "S7" in selections')
