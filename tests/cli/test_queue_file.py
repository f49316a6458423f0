"""A command that finds the queue file damaged saves what others keep in it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.installation import run, written


@pytest.mark.parametrize("words", [("queue", "summary"), ("suppress", "list")], ids=" ".join)
def test_damage_met_by_a_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Whichever command opens it first, the suppression list is taken over."""
    path = written(tmp_path)
    assert run(path, "suppress", "add", "bob@example.com", "--reason", "asked").exit_code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "queue.sqlite")) as opened:
        opened.execute("DROP TABLE hold")
    assert run(path, *words).exit_code == 0
    assert list((tmp_path / "data").glob("*.damaged-*"))
    (entry,) = json.loads(run(path, "suppress", "list", "--json").stdout)
    assert entry["address"] == "bob@example.com"
