"""Tables on a terminal: addresses stay whole, the rest is cut."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from postduif.cli.tables import fitted

COLUMNS = ("address", "state", "cause", "type", "since", "tries", "why")
ROWS = [
    ["permanent.failure@mail.example.net", "quarantined", "hard_bounce", "", "3m ago", "12", "550 5.1.1 no such user"],
    ["*@example.org", "suppressed", "manual", "", "1d 2h ago", "3", "he phoned, and asked not to be written to again"],
]


def lines(columns: tuple[str, ...], rows: list[list[str]], room: int) -> list[str]:
    """What is drawn, without the rule below the heading."""
    console = Console(file=io.StringIO(), width=1000)
    drawn, width = fitted(columns, rows, room)
    console.print(drawn, width=width, crop=False, soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    said = [line for line in console.file.getvalue().split("\n") if line.strip(" ─╴╶")]
    assert max(len(line) for line in said) <= width
    return said


@pytest.mark.parametrize("room", [80, 100, 120])
def test_it_fits(room: int) -> None:
    """A line is no longer than the terminal, an address is whole, a row is one line, and a cut is seen."""
    said = lines(COLUMNS, ROWS, room)
    assert len(said) == 3
    assert max(map(len, said)) <= room
    for line, row in zip(said[1:], ROWS, strict=True):
        assert f"{row[0]} " in line
        assert f" {row[5]} " in line
    assert "…" in said[2]
    assert "type" not in said[0]


def test_with_room_nothing_is_cut() -> None:
    """A wide terminal has it all."""
    said = "\n".join(lines(COLUMNS, ROWS, 200))
    assert "…" not in said
    assert all(cell in said for row in ROWS for cell in row)


def test_too_narrow() -> None:
    """Where even the addresses have no room, the terminal breaks the line, not we the address."""
    said = lines(COLUMNS, ROWS, 20)
    assert "permanent.failure@mail.example.net " in said[1]
    assert "550…" in said[1]


def test_wide_letters() -> None:
    """Letters of two columns count as two."""
    (_, line) = lines(("recipient", "reply"), [["山@例え.jp", "受信者がいません"]], 20)
    assert "山@例え.jp" in line
    assert line.rstrip().endswith("…")
