"""Connections that are kept for the next block."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from postduif.campaign.accounts.connection import accounts
from postduif.campaign.kept import MOST, Kept
from postduif.errors import StoreError


def test_a_connection_serves_one_block_after_another(tmp_path: Path) -> None:
    """Two blocks within each other have two; one that failed is closed, and SQLite's words come out as ours."""
    tmp_path.chmod(0o700)
    kept = Kept(lambda: accounts(tmp_path))
    with kept.use() as first, kept.use() as second:
        assert first is not second
    with kept.use() as again:
        assert again in (first, second)
    with pytest.raises(KeyError), kept.use() as failed:
        raise KeyError
    with pytest.raises(StoreError, match="cannot be used: no such table"), kept.use() as connection:
        connection.execute("SELECT * FROM nowhere")
    for one in (failed, connection):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            one.execute("SELECT 1")
    blocks = [kept.use() for _ in range(MOST + 1)]
    opened = [block.__enter__() for block in blocks]
    for block in blocks:
        block.__exit__(None, None, None)
    kept.close()
    for one in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            one.execute("SELECT 1")
