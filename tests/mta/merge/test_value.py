"""What a recipient's values are."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.errors import MergeError
from postduif.mta.merge.value import MAX_BITS, MAX_ROWS, MAX_TEXTS, blank, joined, rows, shown


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), (None, ""), (True, "true"), (False, "false"), (0, "0"), (12.5, "12.5"), ("", "")]
)
def test_shown(value: object, text: str) -> None:
    """Each kind of value has its text."""
    assert shown(value) == text


@pytest.mark.parametrize("value", [[], ["x"], {"a": 1}, b"x", 1 << MAX_BITS, -(10**5000)], ids=range(6))
def test_what_is_no_text(value: object) -> None:
    """A list, a row and octets are no text, nor is a number that nobody can read."""
    with pytest.raises(MergeError):
        shown(value)
    with pytest.raises(MergeError):
        joined(["x", value])


def test_blank() -> None:
    """Nothing to be seen is blank; 0 and false are seen."""
    assert all(blank(value) for value in ("", " ", "\n", None, [], ()))
    assert not any(blank(value) for value in ("x", 0, False, ["x"]))


def test_rows() -> None:
    """What is missing is an empty list; a text is none."""
    assert rows(None) == rows("") == ()
    assert rows(["a"]) == ["a"]
    with pytest.raises(MergeError):
        rows("abc")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a", "b"], "a\nb"),
        (["a\nb", "c"], "a b\nc"),
        (["a\r\nb", None, 3], "a b\n\n3"),
        (["\n"], " "),
    ],
)
def test_joined(values: list[Any], text: str) -> None:
    """There is a line feed between values and none in them."""
    assert joined(values) == text


@pytest.mark.parametrize("values", [["x" * MAX_TEXTS, "x"], ["x" * MAX_TEXTS, 1]])
def test_too_much(values: list[Any]) -> None:
    """Values together have a greatest length."""
    with pytest.raises(MergeError, match="longer"):
        joined(values)


def test_no_list_is_too_long() -> None:
    """A list has so many rows; one more is an error of that recipient."""
    assert len(rows([0] * MAX_ROWS)) == MAX_ROWS
    with pytest.raises(MergeError, match="more than 50,000 rows"):
        rows([0] * (MAX_ROWS + 1))
