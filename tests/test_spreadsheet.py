"""Cells that a spreadsheet would carry out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postduif.spreadsheet import guarded, unguarded

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(CELL | st.from_regex(r"'*[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]?.*", fullmatch=True))
def test_guard(cell: str) -> None:
    """The guard comes off as it went on, and no guarded cell begins like a formula."""
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
