"""What a demonstration shows: a picture on a terminal, lines elsewhere, and a table at the end."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from postduif.demo import display
from postduif.demo.display import Display
from postduif.demo.judgement import Finding
from postduif.demo.progress import Goal, Progress

GOAL = Goal(letters=10, recipients=12, notices=1)


def shown(*, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """What two looks at the figures print."""
    monkeypatch.setattr(display, "_EVERY", 0.0)
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Display(console, GOAL) as picture:
        picture.show(Progress(accepted=5, delivered=3, deferred=1, queued=4))
        picture.show(Progress(accepted=5, delivered=3, deferred=1, queued=4))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere than on a terminal it prints plain lines, none twice."""
    out = shown(terminal=False, monkeypatch=monkeypatch)
    assert out == (
        "accepted 5   delivered 3   deferred 1   bounced 0   in the queue 4   signatures good 0   0 messages/s\n"
    )


def test_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there are bars."""
    out = shown(terminal=True, monkeypatch=monkeypatch)
    assert "━" in out
    assert "5/10" in out
    assert "3/13" in out


def test_result() -> None:
    """The table has every figure; what is wrong is said below it."""
    console = Console(file=io.StringIO(), width=100)
    findings = [
        Finding("accepted messages", 1000, 1000),
        Finding("duplicates", 1, 0, "duplicates: 1 [red]instead[/] of 0"),
    ]
    display.result(console, findings, [("accepted, messages/s", 1234.5)])
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert "accepted messages 1,000 1,000 ok" in lines
    assert "duplicates 1 0 wrong" in lines
    assert "accepted, messages/s 1,234" in lines
    assert "duplicates: 1 [red]instead[/] of 0" in lines
