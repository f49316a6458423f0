"""Any condition means in SQL what it means to a person who reads it slowly."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.sql import Compiler
from postduif.campaign.audience.condition.tree import (
    All,
    Among,
    AnyChild,
    Compare,
    Condition,
    Either,
    Empty,
    Field,
    Flag,
    Has,
    Not,
)
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.condition.words import said
from tests.campaign.audience.people import an_audience, order, person

TODAY = datetime.date(2026, 9, 21)
Row = dict[str, Any]

TEXTS = ("", "NL", "nl", "be", "%", "a_b")
PEOPLE = [
    {"country": country, "age": age, "born": born, "vip": vip, "tags": tags}
    for country, age, born, vip, tags in [
        ("NL", 18, "2000-02-29", True, ("a", "B c")),
        ("BE", 0, "1999-12-31", False, ("b c",)),
        ("%", -1.5, None, None, ()),
        (None, None, "2026-09-21", True, ("%",)),
        (None, None, None, None, ()),
    ]
]
ORDERS = [[(1, 10, True), (2, 20, None)], [(1, 20, False)], [], [(3, None, True)], []]


def made() -> sqlite3.Connection:
    """The file with these people in it."""
    connection = an_audience()
    for number, (one, orders) in enumerate(zip(PEOPLE, ORDERS, strict=True)):
        texts = {name: "" if value is None else str(value) for name, value in one.items() if name != "tags"}
        person(connection, f"p{number}@example.com", **texts, tags=";".join(one["tags"]) + ";")
        for key, total, paid in orders:
            order(connection, f"p{number}@example.com", key, total, paid)
    return connection


CONNECTION = made()


def simple(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Condition]:
    """A comparison of a field with a value of its kind."""

    def compared(name: str) -> st.SearchStrategy[Condition]:
        field, values = st.just(Field(name)), fields[name]
        signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
        forms: list[st.SearchStrategy[Condition]] = [
            st.builds(Compare, field, signs, values),
            st.builds(Empty, field),
            st.builds(Among, field, st.lists(values, min_size=1, max_size=3).map(tuple)),
        ]
        if name == "country":
            texts = st.sampled_from(TEXTS[1:])
            forms.append(st.builds(Compare, field, st.sampled_from(["contains", "starts", "ends"]), texts))
        return st.one_of(forms)

    return st.sampled_from(sorted(fields)).flatmap(compared)


def nested(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Leaves, joined and denied."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
        ),
        max_leaves=6,
    )


DATES = st.sampled_from([datetime.date(2000, 2, 29), datetime.date(2026, 9, 21), datetime.date(1, 1, 1)])
NUMBERS = st.sampled_from([0, -1.5, 18, 20, 10])
OF_ORDERS = nested(simple({"total": NUMBERS, "number": NUMBERS}) | st.just(Flag(Field("paid"))))
OF_PEOPLE = nested(
    st.one_of(
        simple({"country": st.sampled_from(TEXTS[1:]), "age": NUMBERS, "born": DATES}),
        st.just(Flag(Field("vip"))),
        st.builds(Has, st.sampled_from(["a", "b c", "%", "b", "c"]), st.just(Field("tags"))),
        st.builds(AnyChild, st.just("orders"), st.none() | OF_ORDERS),
    )
)

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "contains": lambda one, other: other in one,
    "starts": lambda one, other: one.startswith(other),
    "ends": lambda one, other: one.endswith(other),
}


def plain(value: Any) -> Any:
    """As values are compared: without regard to case, dates as texts."""
    return value.lower() if isinstance(value, str) else str(value) if isinstance(value, datetime.date) else value


def true(one: Condition, row: Row) -> bool:
    """What is not known is not so."""
    match one:
        case All(parts):
            return all(true(part, row) for part in parts)
        case Either(parts):
            return any(true(part, row) for part in parts)
        case Not(inner):
            return not true(inner, row)
        case AnyChild(_, inner_):
            return any(inner_ is None or true(inner_, record) for record in row["orders"])
        case Has(word, field):
            return word.lower() in [item.lower() for item in row[field.name]]
        case Flag(field):
            return row[field.name] is True
        case Empty(field):
            return row[field.name] is None
        case Among(field, values):
            return row[field.name] is not None and plain(row[field.name]) in [plain(value) for value in values]
        case Compare(field, sign, value):
            if sign == "!=":
                return plain(row[field.name]) != plain(value)
            return row[field.name] is not None and SIGNS[sign](plain(row[field.name]), plain(value))


def rows() -> list[Row]:
    """The people as the slow reading sees them."""
    names = ("number", "total", "paid")
    return [
        one | {"orders": [dict(zip(names, record, strict=True)) for record in orders]}
        for one, orders in zip(PEOPLE, ORDERS, strict=True)
    ]


@given(OF_PEOPLE)
def test_means_the_same(condition: Condition) -> None:
    """SQL finds those of whom the slow reading says that it is true, and there are words for it."""
    found = Compiler(vocabulary(CONNECTION), TODAY).compile(condition)
    query = f"SELECT id - 1 FROM contact WHERE {found.sql} ORDER BY id"
    ids = [id_ for (id_,) in CONNECTION.execute(query, found.values).fetchall()]
    assert ids == [number for number, row in enumerate(rows()) if true(condition, row)]
    assert said(condition)


@given(st.text(max_size=30), st.sampled_from(['country = "{}"', '"{}" in tags', 'country contains "{}"']))
def test_any_text(text: str, form: str) -> None:
    """Whatever stands between quotes is a value: it finds nobody it should not, and breaks nothing."""
    quote = form[-1] if form[-1] in "\"'" else form[0]
    written = form.format(text.replace("\\", "\\\\").replace(quote, f"\\{quote}"))
    condition = read(written)
    found = Compiler(vocabulary(CONNECTION), TODAY).compile(condition)
    query = f"SELECT id - 1 FROM contact WHERE {found.sql}"
    ids = [id_ for (id_,) in CONNECTION.execute(query, found.values).fetchall()]
    if text:
        assert ids == [number for number, row in enumerate(rows()) if true(condition, row)]
