"""The filters of templates."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.errors import MergeError
from postduif.mta.merge.filters import FILTERS
from postduif.mta.merge.value import MAX_ROWS, MAX_VALUE


def filtered(name: str, value: object, *arguments: object) -> Any:
    """What the filter gives."""
    return FILTERS[name].call(value, *arguments)


@pytest.mark.parametrize(
    ("name", "value", "arguments", "wanted"),
    [
        ("upper", "jan é", [], "JAN É"),
        ("lower", "JAN", [], "jan"),
        ("capitalize", "jan JANSEN", [], "Jan jansen"),
        ("title", "jan jansen", [], "Jan Jansen"),
        ("trim", " a ", [], "a"),
        ("trim", None, [], ""),
        ("upper", 3, [], "3"),
        ("default", "", ["x"], "x"),
        ("default", " ", ["x"], "x"),
        ("default", None, ["x"], "x"),
        ("default", 0, ["x"], 0),
        ("default", "a", ["x"], "a"),
        ("truncate", "one two three", [20], "one two three"),
        ("truncate", "one two three", [9], "one two…"),
        ("truncate", "one two three", [8], "one two…"),
        ("truncate", "one two three", [9, "..."], "one..."),
        ("truncate", "abcdefghij", [5], "abcd…"),
        ("truncate", "abc", [0], ""),
        ("replace", "a-b-c", ["-", "+"], "a+b+c"),
        ("replace", "abc", ["", "x"], "abc"),
        ("number", 1234.5, [2, ".", ","], "1.234,50"),
        ("number", "1234567", [0, ","], "1,234,567"),
        ("number", "about 3", [2], "about 3"),
        ("number", "", [2], ""),
        ("number", "NaN", [2], "NaN"),
        ("number", "1e999999", [2], "1e999999"),
        ("number", 1, [400], "1.000000"),
        ("date", "2026-03-09", ["%d-%m-%Y"], "09-03-2026"),
        ("date", "2026-03-09T08:05:00+01:00", ["%-d.%-m.%y %H:%M %%"], "9.3.26 08:05 %"),
        ("date", "0900-01-01", ["%Y"], "0900"),
        ("date", "soon", ["%d"], "soon"),
        ("date", "2026-03-09", ["%99999999d %B"], "%99999999d %B"),
        ("urlencode", "a b&c/é", [], "a%20b%26c%2F%C3%A9"),
        ("join", ["a", 1, None], [", "], "a, 1, "),
        ("join", "", [], ""),
        ("length", ["a", "b"], [], 2),
        ("length", None, [], 0),
        ("first", ["a", "b"], [], "a"),
        ("last", ["a", "b"], [], "b"),
        ("first", [], [], ""),
        ("last", None, [], ""),
    ],
)
def test_filter(name: str, value: object, arguments: list[object], wanted: object) -> None:
    """Each filter does what its name says; what it cannot read it gives back."""
    assert filtered(name, value, *arguments) == wanted


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [
        ("upper", "x" * (MAX_VALUE + 1), []),
        ("upper", "ß" * MAX_VALUE, []),
        ("urlencode", "é" * MAX_VALUE, []),
        ("replace", "a" * 1000, ["a", "x" * 1000]),
        ("join", ["x" * 1000] * 1000, []),
        ("join", [""] * 1000, ["x" * 1000]),
        ("date", "2026-03-09", ["%Y" * 101]),
        ("date", "soon", ["%Y" * MAX_VALUE]),
        ("length", [""] * (MAX_ROWS + 1), []),
        ("number", "1234567", [0, "x" * MAX_VALUE]),
        ("truncate", "abc", ["2"]),
        ("truncate", "abc", [-1]),
        ("upper", ["a"], []),
        ("join", "abc", [","]),
    ],
)
def test_filter_refuses(name: str, value: object, arguments: list[object]) -> None:
    """No filter makes a text beyond bounds, nor of what is no text."""
    with pytest.raises(MergeError):
        filtered(name, value, *arguments)
