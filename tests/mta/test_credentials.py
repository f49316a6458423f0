"""Passwords: right or wrong, known user or not, and the same time for both."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from postduif.config.schema import Auth
from postduif.mta import users
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress
from postduif.mta.credentials import REMEMBERED, Credentials
from postduif.mta.sasl import Claim
from tests.fakes import FakeClock

HOME, EVIL = ClientAddress.of(("192.0.2.1", 1)), ClientAddress.of(("192.0.2.66", 1))


class Users(Credentials):
    """Of a directory, with so many free failures."""

    def __init__(self, directory: Path, free: int = 1000) -> None:
        super().__init__(directory, Backoff(Auth(free_failures=free), FakeClock()))

    async def verify(self, user: str, password: str) -> bool:
        """The password is right, from the one address that all but guessers have."""
        return (await self.login(Claim(user, password), HOME)).outcome == "ok"


def test_right_and_wrong(tmp_path: Path) -> None:
    """Only the right password of a known user is right; no file is no user."""

    async def story() -> None:
        credentials = Users(tmp_path)
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
        credentials = Users(tmp_path)
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
        credentials = Users(tmp_path)
        users.add(tmp_path, "alice", "secret")
        await credentials.verify("alice", "secret")
        began = time.perf_counter()
        for _ in range(100):
            assert await credentials.verify("alice", "secret")
        assert (time.perf_counter() - began) / 100 < 0.005
        assert "secret" not in repr(credentials._right._met)
        assert len(credentials._right._met) == 1 <= REMEMBERED
        credentials.close()

    asyncio.run(story())


def test_unknown_user_costs_what_a_wrong_password_costs(tmp_path: Path) -> None:
    """Nobody can find out by the time it takes whether a user exists: both cost one hash."""

    async def story() -> None:
        credentials = Users(tmp_path)
        users.add(tmp_path, "alice", "secret")

        async def cost(user: str, password: str) -> float:
            began = time.perf_counter()
            assert not await credentials.verify(user, password)
            return time.perf_counter() - began

        known, unknown = [], []
        for number in range(15):
            known.append(await cost("alice", f"wrong {number}"))
            unknown.append(await cost("bob", f"wrong {number}"))
        ratio = statistics.median(unknown) / statistics.median(known)
        assert 0.5 < ratio < 2
        credentials.close()

    asyncio.run(story())


def test_damaged_file_keeps_the_users_of_before(tmp_path: Path) -> None:
    """When a line of the file cannot be read, who could log in still can, and nobody new."""

    async def story() -> None:
        credentials = Users(tmp_path)
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
        credentials = Users(tmp_path)
        assert not await credentials.verify("alice", "")
        credentials.close()

    asyncio.run(story())


def test_senders_come_with_the_password(tmp_path: Path) -> None:
    """A login says which addresses the user may send from, as the file has them now."""

    async def story() -> None:
        credentials = Users(tmp_path)
        users.add(tmp_path, "alice", "secret", ["*@example.org"])
        assert (await credentials.login(Claim("alice", "secret"), HOME)).senders == ("*@example.org",)
        users.add(tmp_path, "alice", "secret", ["news@example.com"])
        assert (await credentials.login(Claim("alice", "secret"), HOME)).senders == ("news@example.com",)
        credentials.close()

    asyncio.run(story())


def test_guesser_waits_and_is_not_looked_at(tmp_path: Path) -> None:
    """After the free failures even the right password is not looked at from there; from elsewhere it is right."""

    async def story() -> None:
        credentials = Users(tmp_path, free=3)
        users.add(tmp_path, "alice", "secret")
        for number in range(3):
            assert (await credentials.login(Claim("alice", f"guess {number}"), EVIL)).outcome == "failed"
        assert (await credentials.login(Claim("alice", "secret"), EVIL)).outcome == "later"
        assert (await credentials.login(Claim("alice", "secret"), HOME)).outcome == "ok"
        credentials.close()

    asyncio.run(story())


def test_the_same_wrong_password_is_one_failure(tmp_path: Path) -> None:
    """A device that repeats an old password for ever neither waits nor makes its neighbours wait."""

    async def story() -> None:
        credentials = Users(tmp_path, free=2)
        users.add(tmp_path, "alice", "secret")
        for _ in range(10):
            assert (await credentials.login(Claim("alice", "old"), HOME)).outcome == "failed"
        assert (await credentials.login(Claim("alice", "secret"), HOME)).outcome == "ok"
        users.add(tmp_path, "alice", "old")
        assert (await credentials.login(Claim("alice", "old"), HOME)).outcome == "ok"
        credentials.close()

    asyncio.run(story())


def test_one_password_on_many_connections_is_one_attempt(tmp_path: Path) -> None:
    """Fifty connections with the right password are all let in; of fifty guesses at once three are looked at."""

    async def story() -> None:
        credentials = Users(tmp_path, free=3)
        users.add(tmp_path, "alice", "secret")
        logins = await asyncio.gather(*(credentials.login(Claim("alice", "secret"), HOME) for _ in range(50)))
        assert {login.outcome for login in logins} == {"ok"}
        guesses = await asyncio.gather(*(credentials.login(Claim("alice", str(one)), EVIL) for one in range(50)))
        assert sorted(login.outcome for login in guesses) == ["failed"] * 3 + ["later"] * 47
        assert credentials._under_way == {}
        credentials.close()

    asyncio.run(story())
