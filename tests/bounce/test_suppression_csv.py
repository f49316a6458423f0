"""Suppression lists as CSV files."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.bounce.suppression_csv import NotAList, read, write
from postduif.bounce.suppression_rows import COLUMNS

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20).map(str.strip)


ROW = st.fixed_dictionaries({"address": CELL.map(lambda cell: f"a{cell}"), **dict.fromkeys(COLUMNS[1:], CELL)})
ANN, BOB, EVE = ({"address": f"{name}@x.example"} for name in ("ann", "bob", "eve"))


def rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """What a file with this text says."""
    return list(read(io.StringIO(text)))


@given(st.lists(ROW))
def test_round_trip(given_: list[dict[str, str]]) -> None:
    """What is written is read back, and no cell of it is a formula."""
    file = io.StringIO(newline="")
    write(file, given_)
    file.seek(0)
    assert [row for _, row in read(file)] == given_


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("address\nbob@x.example\n", [(2, BOB)]),
        ("\ufeffbob@x.example\n\n eve@x.example ,more\n", [(1, BOB), (3, EVE)]),
        ("name;E-Mail;reason\nBob;bob@x.example;asked\n", [(2, BOB | {"reason": "asked"})]),
        (
            '"address","reason"\r\n"bob@x.example","a\nb"\r\neve@x.example\r\n',
            [(3, BOB | {"reason": "a\nb"}), (4, EVE)],
        ),
        ("address,email,at\nann@x.example,bob@x.example,\n", [(2, ANN | {"at": ""})]),
        ("address\n'=a\n''=a\n'a\n", [(2, {"address": "=a"}), (3, {"address": "'=a"}), (4, {"address": "'a"})]),
        ("address,reason\nann@x.example," + "x" * 5000 + "\n", [(2, ANN | {"reason": "x" * 1000})]),
    ],
)
def test_read(text: str, found: list[tuple[int, dict[str, str]]]) -> None:
    """Headings in any order, none at all, semicolons, quotes, marks of spreadsheets: the addresses are found."""
    assert rows(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'no column is called "address"'),
        ("name,reason\nBob,asked\n", 'no column is called "address"'),
        ('address\n"' + "x" * 200_000 + '"\n', "line 2 cannot be read"),
    ],
)
def test_no_list(text: str, words: str) -> None:
    """A file without addresses, or one that is no CSV, is said to be so."""
    with pytest.raises(NotAList, match=words):
        rows(text)
