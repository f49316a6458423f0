"""The grammar of conditions."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.audience.condition.reading import MAX_DEPTH, read
from postduif.campaign.audience.condition.tokens import MAX_LENGTH, ConditionFault
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
    Moment,
    Not,
)


def field(name: str, at: int, part: str = "") -> Field:
    """A field at a place."""
    return Field(name, part, at)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('country = "NL"', Compare(field("country", 0), "=", "NL")),
        ("country <> 'N\\'L'", Compare(field("country", 0), "!=", "N'L")),
        ("age >= -1.5", Compare(field("age", 0), ">=", -1.5)),
        ("born < 2026-01-31", Compare(field("born", 0), "<", datetime.date(2026, 1, 31))),
        ("born > today - 30d + 1y - 2w", Compare(field("born", 0), ">", Moment(-44, 12))),
        ("month(born) = month(today + 1m)", Compare(field("born", 0, "month"), "=", Moment(0, 1, "month"))),
        ("NOT Vip", Not(Flag(field("vip", 4)))),
        ('"vip" in tags', Has("vip", field("tags", 9))),
        ('"vip" not in tags', Not(Has("vip", field("tags", 13)))),
        ("a or b and not c", Either((Flag(field("a", 0)), All((Flag(field("b", 5)), Not(Flag(field("c", 15)))))))),
        ("(a or b) and c", All((Either((Flag(field("a", 1)), Flag(field("b", 6)))), Flag(field("c", 13))))),
        ("age in (1, 2)", Among(field("age", 0), (1, 2))),
        ("age not in (1)", Not(Among(field("age", 0), (1,)))),
        ("name is empty", Empty(field("name", 0))),
        ("name is not empty", Not(Empty(field("name", 0)))),
        ("vip is not true", Not(Compare(field("vip", 0), "=", True))),
        ("name starts with “Jan”", Compare(field("name", 0), "starts", "Jan")),
        ("any orders", AnyChild("orders", None, 4)),
        ("any orders(paid)", AnyChild("orders", Flag(field("paid", 11)), 4)),
    ],
)
def test_read(text: str, tree: Condition) -> None:
    """Each form of a condition has its tree."""
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", 0, "something that is known of people, and the condition ends"),
        ("country =", 9, "a value"),
        ("country = nl", 10, "a text in quotes, a number, a date, not 'nl'"),
        ('country = "NL', 10, "close the quotes"),
        ("a and", 5, "the condition ends"),
        ("a b", 2, "comes too late"),
        ("(a", 2, "here should be )"),
        ("a ; b", 2, "means nothing here"),
        ("age > 12abc", 6, "neither a number nor a date"),
        ("born = 2026-02-30", 7, "no day of the calendar"),
        ("born > today - 3", 15, "a time, as 30d"),
        ("year(born)", 0, "compare it"),
        ("name starts 'x'", 12, "here should be with"),
        ("any (a)", 4, "a kind of child records"),
        ("'x' = name", 4, "in, as in"),
        ("name = 'x\udcff'", 9, "half a character"),
        ("born > year(born)", 12, "today"),
    ],
)
def test_faults(text: str, at: int, said: str) -> None:
    """What cannot be read is said with its place and what could stand there."""
    with pytest.raises(ConditionFault) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.at == at


def test_limits() -> None:
    """Nothing is read without end: not brackets, not length."""
    assert read("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1)) == Flag(Field("a", "", MAX_DEPTH - 1))
    for text in ("(" * 100_000, "not " * 1000 + "a", "a" * (MAX_LENGTH + 1), f"a in ({', '.join(['1'] * 1001)})"):
        with pytest.raises(ConditionFault):
            read(text)


@given(
    st.lists(
        st.sampled_from(["a", "and", "or", "not", "in", "any", "(", ")", "=", "'x'", "1", "today", "-", "3d", "is"])
    )
)
def test_any_words(words: list[str]) -> None:
    """Whatever words come, in whatever order: a tree or a fault, and nothing else."""
    text = " ".join(words)
    try:
        found: object = read(text)
    except ConditionFault as fault:
        found = fault.at
    assert not isinstance(found, int) or 0 <= found <= len(text)
