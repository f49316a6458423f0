"""Which variables there are."""

from __future__ import annotations

import pytest

from postduif.errors import TemplateError
from postduif.mta.merge.names import Kind, Names

NAMES = Names(["customer.name", "orders[]", "orders[].title", "tags[]", "naïef"])


def test_kinds() -> None:
    """Values and lists are told apart by the brackets of their names."""
    assert NAMES.kind("customer.name") == (Kind.VALUE, "customer.name")
    assert NAMES.kind("naïef") == (Kind.VALUE, "naïef")
    assert NAMES.kind("orders") == (Kind.LIST, "orders[]")
    assert NAMES.kind("message_id") == (Kind.VALUE, "message_id")


def test_rows() -> None:
    """A list with names below it has rows of values, another one texts."""
    assert NAMES.of_rows("orders[]") is Kind.ROW
    assert NAMES.of_rows("tags[]") is Kind.VALUE


@pytest.mark.parametrize(
    ("name", "remedy"), [("customer.nam", "did you mean customer.name"), ("zzz", "known are customer.name, date")]
)
def test_unknown(name: str, remedy: str) -> None:
    """An unknown name is answered with the nearest, or with all."""
    with pytest.raises(TemplateError, match=remedy):
        NAMES.kind(name)


@pytest.mark.parametrize("name", ["", "_x", "a._b", "a b", "a..b", "9a", "a[", "a[0]", "a\n", "a.__class__"])
def test_no_name(name: str) -> None:
    """Names are words with dots between; none begins with an underscore."""
    with pytest.raises(TemplateError, match="not a name"):
        Names([name])


def test_both() -> None:
    """A name is not a value and a list."""
    with pytest.raises(TemplateError, match="both"):
        Names(["a", "a[]"])
