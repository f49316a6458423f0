"""Passwords: right or wrong, known user or not, and the same time for both."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from postduif.mta import users
from postduif.mta.credentials import REMEMBERED, Credentials


def test_right_and_wrong(tmp_path: Path) -> None:
    """Only the right password of a known user is right; no file is no user."""

    async def story() -> None:
        credentials = Credentials(tmp_path)
        assert not await credentials.verify("alice", "secret")
        users.add(tmp_path, "alice", "secret")
        assert await credentials.verify("alice", "secret")
        assert not await credentials.verify("alice", "Secret")
        assert not await credentials.verify("bob", "secret")
        assert not await credentials.verify("", "")
        credentials.close()

    asyncio.run(story())


def test_change_is_seen_at_once(tmp_path: Path) -> None:
    """A new password, or the end of a user, holds from then on, also for a password that was remembered."""

    async def story() -> None:
        credentials = Credentials(tmp_path)
        users.add(tmp_path, "alice", "old")
        assert await credentials.verify("alice", "old")
        users.add(tmp_path, "alice", "new")
        assert not await credentials.verify("alice", "old")
        assert await credentials.verify("alice", "new")
        users.remove(tmp_path, "alice")
        assert not await credentials.verify("alice", "new")
        credentials.close()

    asyncio.run(story())


def test_right_password_is_remembered(tmp_path: Path) -> None:
    """The second time the right password costs no hash; what is remembered is bounded and holds no password."""

    async def story() -> None:
        credentials = Credentials(tmp_path)
        users.add(tmp_path, "alice", "secret")
        await credentials.verify("alice", "secret")
        began = time.perf_counter()
        for _ in range(100):
            assert await credentials.verify("alice", "secret")
        assert (time.perf_counter() - began) / 100 < 0.005
        assert "secret" not in repr(credentials._right)
        assert len(credentials._right) == 1 <= REMEMBERED
        credentials.close()

    asyncio.run(story())


def test_unknown_user_costs_what_a_wrong_password_costs(tmp_path: Path) -> None:
    """Nobody can find out by the time it takes whether a user exists: both cost one hash."""

    async def story() -> None:
        credentials = Credentials(tmp_path)
        users.add(tmp_path, "alice", "secret")

        async def cost(user: str) -> float:
            began = time.perf_counter()
            assert not await credentials.verify(user, "wrong")
            return time.perf_counter() - began

        known, unknown = [], []
        for _ in range(15):
            known.append(await cost("alice"))
            unknown.append(await cost("bob"))
        ratio = statistics.median(unknown) / statistics.median(known)
        assert 0.5 < ratio < 2
        credentials.close()

    asyncio.run(story())


def test_damaged_file_keeps_the_users_of_before(tmp_path: Path) -> None:
    """When a line of the file cannot be read, who could log in still can, and nobody new."""

    async def story() -> None:
        credentials = Credentials(tmp_path)
        users.add(tmp_path, "alice", "secret")
        assert await credentials.verify("alice", "secret")
        (tmp_path / users.FILE).write_text("eve:plain text\n")
        assert await credentials.verify("alice", "secret")
        assert not await credentials.verify("eve", "plain text")
        credentials.close()

    asyncio.run(story())


@pytest.mark.parametrize("hashed", ["$argon2id$garbage", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_damaged_hash_is_a_wrong_password(tmp_path: Path, hashed: str) -> None:
    """A hash that is none lets nobody in."""

    async def story() -> None:
        (tmp_path / users.FILE).write_text(f"alice:{hashed}\n")
        credentials = Credentials(tmp_path)
        assert not await credentials.verify("alice", "")
        credentials.close()

    asyncio.run(story())
