"""The audience's file."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.migration import SCHEMA
from postduif.campaign.database import migrate, path_of, transaction
from postduif.errors import StoreError


def test_private_and_durable(tmp_path: Path) -> None:
    """Only we can read it, and what is committed is on disk."""
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        for path in path_of(tmp_path, SCHEMA).parent.iterdir():
            assert path.stat().st_mode & 0o777 == 0o600
    assert path_of(tmp_path, SCHEMA).parent.stat().st_mode & 0o777 == 0o700


def test_open_again(tmp_path: Path) -> None:
    """What was there is there; the steps are made once."""
    tmp_path.chmod(0o700)
    for number in range(2):
        with audience(tmp_path) as connection, transaction(connection):
            connection.execute("INSERT INTO project (name, created) VALUES (?, 0)", (str(number),))
    with audience(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM project").fetchone() == (2,)


def test_made_by_many_at_once(tmp_path: Path) -> None:
    """Whoever comes first makes the tables; nobody fails."""
    tmp_path.chmod(0o700)
    barrier = threading.Barrier(6)
    failed: list[Exception] = []

    def work() -> None:
        barrier.wait()
        try:
            with audience(tmp_path) as connection:
                connection.execute("SELECT count(*) FROM contact").fetchone()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_rolled_back(tmp_path: Path) -> None:
    """What fails leaves nothing behind."""
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection:
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany("INSERT INTO project (name, created) VALUES (?, 0)", [("x",), (None,)])
        assert connection.execute("SELECT count(*) FROM project").fetchone() == (0,)


def test_newer_file(tmp_path: Path) -> None:
    """A file of a newer version is left alone."""
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, '9999 later', '')",
            (SCHEMA.steps.name,),
        )
    with pytest.raises(StoreError, match="of a newer Postduif \\(9999 later\\)"), audience(tmp_path):
        pass


def test_all_steps_are_known() -> None:
    """The names that a file may have are those of the steps."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, SCHEMA)
    rows = connection.execute("SELECT name FROM _sqlite_migrations").fetchall()
    assert {name for (name,) in rows} == SCHEMA.ours


def test_no_database(tmp_path: Path) -> None:
    """A foreign file in its place is said to be one."""
    tmp_path.chmod(0o700)
    path = path_of(tmp_path, SCHEMA)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"x" * 4096)
    path.chmod(0o600)
    with (
        pytest.raises(StoreError, match=r"audience\.sqlite cannot be used: file is not a database"),
        audience(tmp_path),
    ):
        pass
