"""What people write becomes a value of a kind, or is said not to be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.values import (
    MAX_TEXT,
    Conventions,
    DateOrder,
    Stored,
    ValueFault,
    read,
    shown,
    stored_list,
    written,
)

COMMA = Conventions(",", DateOrder.DAY_FIRST)
AMERICAN = Conventions(".", DateOrder.MONTH_FIRST)


@pytest.mark.parametrize(
    ("kind", "text", "conventions", "stored"),
    [
        (Kind.TEXT, "  Jan  ", Conventions(), "Jan"),
        (Kind.TEXT, "   ", Conventions(), None),
        (Kind.TEXT, "cafe\u0301", Conventions(), "café"),
        (Kind.TEXT, "a\r\nb\rc", Conventions(), "a\nb\nc"),
        (Kind.NUMBER, "12", Conventions(), 12),
        (Kind.NUMBER, "-12.50", Conventions(), -12.5),
        (Kind.NUMBER, "1e3", Conventions(), 1000),
        (Kind.NUMBER, "1e99", Conventions(), 1e99),
        (Kind.NUMBER, "12,5", COMMA, 12.5),
        (Kind.DATE, "2026-1-31", Conventions(), "2026-01-31"),
        (Kind.DATE, "2026-01-31 10:00:00", Conventions(), "2026-01-31"),
        (Kind.DATE, "31-01-2026", COMMA, "2026-01-31"),
        (Kind.DATE, "1/31/2026", AMERICAN, "2026-01-31"),
        (Kind.BOOLEAN, "Ja", Conventions(), 1),
        (Kind.BOOLEAN, "FALSE", Conventions(), 0),
        (Kind.LIST, "a, b,a", Conventions(), "\na\nb\n"),
        (Kind.LIST, "a, b; c", Conventions(), "\na, b\nc\n"),
        (Kind.LIST, " ,; ", Conventions(), "\n,\n"),
        (Kind.LIST, ";;", Conventions(), None),
    ],
)
def test_read(kind: Kind, text: str, conventions: Conventions, stored: Stored) -> None:
    """A value is stored in one form, whatever form it was written in."""
    assert read(kind, text, conventions) == stored


@pytest.mark.parametrize(
    ("kind", "text", "conventions"),
    [
        (Kind.NUMBER, "1.234,5", Conventions()),
        (Kind.NUMBER, "1.234,5", COMMA),
        (Kind.NUMBER, "12,5", Conventions()),
        (Kind.NUMBER, "12.5", COMMA),
        (Kind.NUMBER, "nan", Conventions()),
        (Kind.NUMBER, "٣", Conventions()),
        (Kind.NUMBER, "9" * 400, Conventions()),
        (Kind.DATE, "31-01-2026", Conventions()),
        (Kind.DATE, "2026-02-30", Conventions()),
        (Kind.DATE, "31/01/2026", AMERICAN),
        (Kind.BOOLEAN, "perhaps", Conventions()),
        (Kind.TEXT, "a\0b", Conventions()),
        (Kind.TEXT, "caf\ufffd", Conventions()),
        (Kind.TEXT, "x" * (MAX_TEXT + 1), Conventions()),
        (Kind.LIST, "a;\x01", Conventions()),
    ],
)
def test_no_value(kind: Kind, text: str, conventions: Conventions) -> None:
    """What could mean two things, or nothing, is refused and never guessed at."""
    with pytest.raises(ValueFault):
        read(kind, text, conventions)


@given(st.sampled_from(Kind), st.text(max_size=40))
def test_round_trip(kind: Kind, text: str) -> None:
    """What is stored is written so that it is read back the same."""
    try:
        stored = read(kind, text)
    except ValueFault:
        return
    assert read(kind, written(kind, stored)) == stored or (kind is Kind.LIST and "," in text)


def test_shown() -> None:
    """Templates see lists as lists, and booleans as true and false; what is empty is None."""
    assert shown(Kind.LIST, stored_list(["a b", "c"])) == ("a b", "c")
    assert shown(Kind.LIST, None) == ()
    assert [shown(Kind.BOOLEAN, value) for value in (1, 0, None)] == [True, False, None]
    assert shown(Kind.NUMBER, 0) == 0
