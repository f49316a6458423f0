"""Tokens: made, listed, revoked, judged; their file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from postduif.config.schema import Auth
from postduif.errors import ConfigError
from postduif.mta import users
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress
from postduif.mta.injection import tokens
from postduif.mta.injection.bearer import Bearers, Grant
from postduif.mta.injection.problem import Problem
from tests.fakes import FakeClock

HERE = ClientAddress.of(("192.0.2.1", 1))


class Scene:
    """A data directory with its tokens."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.bearers = Bearers(directory, Backoff(Auth(free_failures=3), self.clock), self.clock)

    def make(self, user: str = "shop", *senders: str, rate: str = "") -> str:
        """A token."""
        return tokens.make(self.directory, user, senders, rate, 1_700_000_000)

    def grant(self, token: str, address: ClientAddress = HERE) -> Grant:
        """What it may do."""
        return self.bearers.grant(f"Bearer {token}".encode(), address)

    def refused(self, token: str | None, address: ClientAddress = HERE) -> str:
        """The code it gets."""
        with pytest.raises(Problem) as caught:
            self.bearers.grant(None if token is None else f"bearer {token}".encode(), address)
        return caught.value.code


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Empty."""
    return Scene(tmp_path)


def test_right_token(scene: Scene) -> None:
    """A token says whose it is; the file has no more than its hash, and nobody else can read it."""
    token = scene.make("shop", "*@Shop.example", rate="100/m")
    assert scene.grant(token)[:2] == ("shop", ("*@shop.example",))
    path = scene.directory / tokens.FILE
    assert token.rpartition("_")[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_wrong_tokens(scene: Scene) -> None:
    """Another secret, another id, another form and nothing at all are unauthorized; the id alone opens nothing."""
    token = scene.make()
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    addresses = [ClientAddress.of((f"192.0.2.{number}", 1)) for number in range(2, 9)]
    wrong = [other, "pd_00000000" + token[11:], token[:11], "", "x" * 500, token + "x", "\x00é"]
    assert {scene.refused(one, address) for one, address in zip(wrong, addresses, strict=True)} == {"unauthorized"}
    assert scene.refused(None) == "unauthorized"
    assert scene.grant(token)


def test_revoked(scene: Scene) -> None:
    """A token that was taken back is refused at once, others of its user are not; a user's are taken back together."""
    one, two, three = scene.make(), scene.make(), scene.make("other")
    assert scene.grant(one)
    assert tokens.revoke(scene.directory, id=one.split("_")[1]) == 1
    assert scene.refused(one) == "unauthorized"
    assert scene.grant(two)
    assert tokens.revoke(scene.directory, user="shop") == 1
    assert scene.refused(two) == "unauthorized"
    assert scene.grant(three)
    assert tokens.revoke(scene.directory, id="00000000") == 0


def test_senders_of_the_user(scene: Scene) -> None:
    """A token without senders has those of the user of that name, as they are now."""
    token = scene.make("alice")
    assert scene.grant(token).senders == ()
    users.add(scene.directory, "alice", "secret", ["alice@a.example"])
    assert scene.grant(token).senders == ("alice@a.example",)
    assert scene.grant(scene.make("alice", "b@b.example")).senders == ("b@b.example",)


def test_guesser_waits(scene: Scene) -> None:
    """After three wrong ones an address waits, with a right one too; who had a right one before does not."""
    token, known = scene.make(), ClientAddress.of(("192.0.2.99", 1))
    assert scene.grant(token, known)
    for _ in range(3):
        assert scene.refused("wrong") == "unauthorized"
        assert scene.refused("wrong", known) == "unauthorized"
    assert scene.refused(token) == "too_many_failures"
    assert scene.grant(token, known)
    scene.clock.advance(6)
    assert scene.grant(token)


def test_rate(scene: Scene) -> None:
    """Who had more recipients than the rate waits until it is made up for."""
    token = scene.make(rate="60/m")
    scene.grant(token).limit.take(scene.clock.monotonic(), 30)
    assert scene.refused(token) == "rate"
    scene.clock.advance(30)
    assert scene.grant(token)


def test_damaged_file(scene: Scene) -> None:
    """A line that is none is named, and those of before go on."""
    token = scene.make()
    assert scene.grant(token)
    path = scene.directory / tokens.FILE
    path.write_text(path.read_text() + "what:is:this\n")
    assert scene.grant(token)
    with pytest.raises(ConfigError, match="tokens:2: not a token"):
        tokens.read(scene.directory)


@pytest.mark.parametrize(
    ("user", "sender", "rate"),
    [("", "a@b.example", ""), ("a:b", "a@b.example", ""), ("a", "x", ""), ("a", "a@b.example", "fast")],
)
def test_not_made(scene: Scene, user: str, sender: str, rate: str) -> None:
    """Names, senders and rates that are none make no token."""
    with pytest.raises(ConfigError):
        scene.make(user, sender, rate=rate)
    assert tokens.read(scene.directory) == {}


def test_damaged_file_changes_nothing(scene: Scene) -> None:
    """Octets that are no text in the file are logged, and the tokens of before go on."""
    token = scene.make("a\u2028b")
    assert scene.grant(token).user == "a\u2028b"
    (scene.directory / tokens.FILE).write_bytes(b"\xff\n")
    assert scene.grant(token).user == "a\u2028b"
