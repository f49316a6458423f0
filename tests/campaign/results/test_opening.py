"""The file is found before and after it is handed over; what cannot be read is one clear error."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from postduif.campaign.results.figures import figures
from postduif.campaign.results.opening import opened
from postduif.errors import StoreError
from postduif.queue.connection import FILE_NAME
from tests.campaign.results.made import NUMBER, mailing, person

PEOPLE = [person(n, f"p{n}@one.example") for n in range(500)]


def a_file(directory: Path) -> Path:
    """Of a mailing that was handed over; nobody has it open."""
    mailing(directory, PEOPLE).close()
    return directory / "mailings" / str(NUMBER) / FILE_NAME


def why_not(directory: Path) -> str:
    """What is said of it."""
    with pytest.raises(StoreError) as caught, opened(directory, NUMBER) as connection:
        figures(connection)
    return str(caught.value)


def test_before_and_after(tmp_path: Path) -> None:
    """Where it is does not matter."""
    path = a_file(tmp_path / "data")
    with opened(tmp_path / "data", NUMBER) as connection:
        after = figures(connection)
    prepared = tmp_path / "data" / "campaign" / "prepared"
    path.parent.rename(prepared / str(NUMBER))
    with opened(tmp_path / "data", NUMBER) as connection:
        assert figures(connection) == after
    assert after.pending == len(PEOPLE)


def test_gone(tmp_path: Path) -> None:
    """There is none, or only one that is still being written."""
    assert why_not(tmp_path / "data") == f"mailing {NUMBER} has no queue file, so it has no results; prepare it first"
    path = a_file(tmp_path / "data")
    path.parent.rename(tmp_path / "data" / "campaign" / "prepared" / f"{NUMBER}.new")
    assert "prepare it first" in why_not(tmp_path / "data")


def test_damaged(tmp_path: Path) -> None:
    """Pages that are no pages, no database at all, another program's: the file is named."""
    path = a_file(tmp_path / "data")
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    assert str(path) in why_not(tmp_path / "data")
    path.write_bytes(b"x" * 9000)
    assert "not a database" in why_not(tmp_path / "data")
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE x (y)").connection.close()
    assert "is not a queue file" in why_not(tmp_path / "data")


def test_of_another_version_or_kind(tmp_path: Path) -> None:
    """A newer Postduif has written it, or it is the main queue's."""
    path = a_file(tmp_path / "data")
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE excluded")
    connection.commit()
    assert "has no excluded table" in why_not(tmp_path / "data")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer Postduif" in why_not(tmp_path / "data")
