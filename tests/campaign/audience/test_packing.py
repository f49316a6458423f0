"""The JSON that SQLite makes of values is what the values are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.packing import Column, packed
from postduif.campaign.audience.values import Stored, shown, stored_list

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\\n"u01,]['), max_size=8)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False).map(
    lambda one: float(f"{one:.15g}")
)
OF_KIND: dict[Kind, st.SearchStrategy[Stored]] = {
    Kind.TEXT: TEXTS,
    Kind.NUMBER: NUMBERS,
    Kind.DATE: st.dates().map(str),
    Kind.BOOLEAN: st.sampled_from([0, 1]),
    Kind.LIST: st.lists(WORDS, max_size=4).map(stored_list),
}


def of_sqlite(values: Sequence[tuple[Kind, Stored]]) -> list[object]:
    """These values, packed by SQLite and read again."""
    connection = sqlite3.connect(":memory:")
    columns = [Column(f"c{place}", f"row.c{place}", kind) for place, (kind, _) in enumerate(values)]
    names = ", ".join(one.name for one in columns) or "none"
    connection.execute(f"CREATE TABLE row ({names})")
    connection.execute(
        f"INSERT INTO row VALUES ({', '.join('?' * max(len(values), 1))})", [one for _, one in values] or [0]
    )
    ((text,),) = connection.execute(f"SELECT {packed(columns)} FROM row")
    found = json.loads(text)
    assert isinstance(found, list)
    return found


@given(st.lists(st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), OF_KIND[kind] | st.none()))))
def test_packed(values: list[tuple[Kind, Stored]]) -> None:
    """What `json.loads` reads back is each value as templates have it, whatever is in it."""
    assert of_sqlite(values) == json.loads(json.dumps([shown(kind, value) for kind, value in values]))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 201, 560, 1_100])
def test_any_number(count: int) -> None:
    """There may be more than a function of SQLite takes; zeros and lists at the seams stay."""
    kinds: list[tuple[Kind, Stored]] = [(Kind.NUMBER, 0), (Kind.LIST, "\n0\n"), (Kind.TEXT, "]"), (Kind.NUMBER, 100)]
    values: list[tuple[Kind, Stored]] = [kinds[place * 7 // 5 % 4] for place in range(count)]
    assert of_sqlite(values) == json.loads(json.dumps([shown(kind, value) for kind, value in values]))


def test_digits() -> None:
    """A number has 15 digits: what is behind them nobody writes."""
    assert of_sqlite([(Kind.NUMBER, 1234567890.123456789)]) == [1234567890.12346]
