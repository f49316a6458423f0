"""A file of people with one administrator."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.accounts import people
from postduif.campaign.accounts.connection import accounts
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By

NOW = 1_800_000_000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The file; anna is an administrator."""
    tmp_path.chmod(0o700)
    with accounts(tmp_path) as opened:
        people.add(opened, "Anna", "Anna Jansen", Role.ADMINISTRATOR, By("a test", NOW))
        yield opened
