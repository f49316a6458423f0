"""Conditions as rows of a form, and back."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.condition.rows import ALL, ANY, SIGNS, Group, Row, Rows, fields_of, rows_of, text_of
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.selections import compiled_condition
from postduif.campaign.audience.subscriptions import SubscriptionType, save_type
from tests.campaign.audience.people import NOW, an_audience

TEXTS = (
    'country = "NL"',
    'country = "N\\"L\\\\"',
    'country = "NL" and age >= 18',
    'country = "NL" or age >= 18 or vip',
    '(country = "NL" or country = "BE") and not vip and age is not empty',
    '(country = "NL" and age < 5.5) or (born >= today - 30d and not bounced)',
    "born < today - 18d",
    "born = today + 1y - 2w",
    'country in ("NL", "BE") and age in (1, 2)',
    '"news" in subscriptions and "a \\"b" not in tags',
    "any orders and any orders(total > 100) and any orders(paid)",
    "not any orders",
    'email ends with "@example.com" and name starts with "A" and name contains "b"',
    "age is empty and created >= 2026-01-31",
)
TOO_RICH = (
    "month(born) = 1",
    "not (age = 1 and age = 2)",
    "any orders(total > 1 and paid)",
    "((age = 1 or age = 2) and vip) or vip",
    'country in ("a,b", "c")',
    'country = " NL"',
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_rows_say_is_what_the_condition_said(text: str) -> None:
    """A condition read into rows and written again has the same people: the same SQL and values."""
    connection = an_audience()
    save_type(connection, SubscriptionType("news", "News", "", everybody=False, confirm=False))
    rows = rows_of(text)
    assert rows is not None
    again = text_of(rows, fields_of(vocabulary(connection)))
    assert compiled_condition(connection, again, NOW) == compiled_condition(connection, text, NOW)


@pytest.mark.parametrize("text", TOO_RICH)
def test_what_says_more_than_rows_stays_a_text(text: str) -> None:
    """Nothing of a condition is lost: what rows cannot say is none."""
    assert rows_of(text) is None


def test_every_sign_makes_a_condition_for_its_kinds() -> None:
    """Each comparison, for each kind it is offered for, can be asked."""
    connection = an_audience()
    fields = fields_of(vocabulary(connection))
    named = {kind: name for name, kind in fields.items() if name in ("country", "age", "born", "vip", "tags")}
    values = {Kind.TEXT: "x", Kind.NUMBER: "3", Kind.DATE: "2026-01-31", Kind.LIST: "x", Kind.BOOLEAN: ""}
    for sign, one in SIGNS.items():
        for kind in one.kinds:
            value = "30" if sign in ("last", "ago") else values[kind]
            text = text_of(Rows(ALL, (Group(ANY, (Row(named[kind], sign, value),)),)), fields)
            compiled_condition(connection, text, NOW)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("age", "contains", "1"), "age is a number"),
        (Row("age", "=", "many"), "'many' is none; write it as 12.5"),
        (Row("born", "=", "soon"), "write 2026-01-31"),
        (Row("born", "last", "x"), "no number of days"),
        (Row("country", "=", " "), "Fill in a value"),
        (Row("nothing", "=", "1"), "choose from the list"),
        (Row("age", "=", "1 or id > 0"), "is none"),
    ],
)
def test_a_row_that_cannot_be_says_what_would_be(row: Row, said: str) -> None:
    """What is filled in wrong is a fault with the remedy, and never becomes part of a condition."""
    fields = fields_of(vocabulary(an_audience()))
    with pytest.raises(ConditionFault, match=said):
        text_of(Rows(ALL, (Group(ALL, (row,)),)), fields)


def test_empty_rows_are_left_out() -> None:
    """A row without a field says nothing."""
    assert (
        text_of(Rows(ALL, (Group(ANY, (Row(), Row("vip", "yes"))), Group(ALL, (Row(),)))), {"vip": Kind.BOOLEAN})
        == "vip"
    )
