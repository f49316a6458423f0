"""Return addresses: what goes in comes out, and nothing else does."""

from __future__ import annotations

import random
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.address import parse
from postduif.bounce.verp import LENGTH, Found, Mailed, Problem, Purpose, Queued, Verp
from postduif.config.schema import Bounce

DAY = 86400.0
NOW = 1_800_000_000.0
LIFETIMES = {Purpose.BOUNCE: 14 * DAY, Purpose.UNSUBSCRIBE: 730 * DAY, Purpose.FEEDBACK: 90 * DAY}
KEYS = [b"1" * 32, b"2" * 32, b"3" * 32]
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

WHOM = st.one_of(
    st.builds(Queued, st.integers(0, 2**63 - 1)),
    st.builds(Mailed, st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 1)),
)


def verp(*keys: bytes) -> Verp:
    """With these keys, or an ordinary one."""
    return Verp(keys or KEYS[:1], LIFETIMES)


@given(st.sampled_from(Purpose), WHOM, st.floats(NOW, NOW + 13 * DAY))
def test_round_trip(purpose: Purpose, whom: Queued | Mailed, now: float) -> None:
    """What was put in comes out again, whatever case the address comes back in; it is an ordinary local part."""
    local = verp().make(purpose, whom, NOW)
    assert len(local) == LENGTH <= 64
    assert set(local) <= set(string.ascii_lowercase + string.digits)
    assert parse(f"{local}@b.example").localpart == local
    for seen in (local, local.upper(), local.title(), local.swapcase()):
        assert verp().read(seen, now) == Found(purpose, whom)


@given(WHOM, WHOM)
def test_two_recipients(one: Queued | Mailed, other: Queued | Mailed) -> None:
    """Two recipients never share an address, and one recipient keeps his while the day lasts."""
    made = [verp().make(Purpose.BOUNCE, whom, NOW) for whom in (one, other)]
    assert (made[0] == made[1]) == (one == other)
    assert verp().make(Purpose.BOUNCE, one, NOW - NOW % DAY) == made[0]


@pytest.mark.parametrize("whom", [Queued(-1), Queued(2**63), Mailed(2**31, 0), Mailed(0, 2**32), Mailed(-1, 1)])
def test_too_large(whom: Queued | Mailed) -> None:
    """A number that does not fit is a mistake of ours, and is never cut down to another's."""
    with pytest.raises(ValueError, match="does not fit"):
        verp().make(Purpose.BOUNCE, whom, NOW)


@given(st.text() | st.from_regex(r"[bufBUF]1[\w+=.-]{0,70}", fullmatch=True))
def test_any_text(text: str) -> None:
    """Whatever comes in is not believed, and never an exception."""
    assert isinstance(verp().read(text, NOW), Problem)


def test_ten_thousand_forgeries() -> None:
    """Of 10,000 forged and altered addresses none says anything; one character changed is enough."""
    chance, ours, theirs = random.Random(1), verp(), Verp([b"x" * 32], LIFETIMES)
    believed = []
    for number in range(10_000):
        purpose = chance.choice(list(Purpose))
        whom = Queued(chance.getrandbits(63)) if number % 2 else Mailed(chance.getrandbits(31), chance.getrandbits(32))
        local = ours.make(purpose, whom, NOW)
        at = chance.randrange(LENGTH)
        attempt = (
            theirs.make(purpose, whom, NOW),
            local[:at] + chance.choice([one for one in ALPHABET + "01" if one != local[at]]) + local[at + 1 :],
            local[:at] + local[at + 1 :],
            local[:at] + chance.choice(ALPHABET) + local[at:],
            local[:at] + chance.choice("+=.-_@ \u212a\0é") + local[at + 1 :],
            local[:1] + "1" + "".join(chance.choices(ALPHABET, k=LENGTH - 2)),
            chance.choice([letter for letter in "buf" if letter != local[0]]) + local[1:],
        )[number % 7]
        if not isinstance(ours.read(attempt, NOW), Problem):
            believed.append(attempt)
    assert believed == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda local: "postmaster", Problem.NOT_OURS),
        (lambda local: "", Problem.NOT_OURS),
        (lambda local: f"prvs=1234567890={local}", Problem.NOT_OURS),
        (lambda local: local[:-1], Problem.ALTERED),
        (lambda local: local + "a", Problem.ALTERED),
        (lambda local: local + "\n", Problem.ALTERED),
        (lambda local: local.replace(local[5], "="), Problem.ALTERED),
        (lambda local: local[:-1] + "\u0663", Problem.ALTERED),
        (lambda local: local[:-1] + ("a" if local[-1] != "a" else "b"), Problem.FORGED),
        (lambda local: "u" + local[1:], Problem.FORGED),
    ],
)
def test_why_not(change: object, problem: Problem) -> None:
    """Each kind of bad address is told apart from the others."""
    assert callable(change)
    local = verp().make(Purpose.BOUNCE, Queued(7), NOW)
    assert verp().read(change(local), NOW) is problem


def test_expiry() -> None:
    """Each purpose has its lifetime, counted from the end of the day on which the mail was accepted."""
    midnight = NOW - NOW % DAY
    for purpose, lifetime in LIFETIMES.items():
        local = verp().make(purpose, Queued(7), midnight + 10)
        assert verp().read(local, midnight + DAY + lifetime - 1) == Found(purpose, Queued(7))
        assert verp().read(local, midnight + DAY + lifetime) is Problem.EXPIRED


def test_clock_set_back() -> None:
    """An address from a day that is still to come is believed: it was our clock that moved."""
    assert verp().read(verp().make(Purpose.BOUNCE, Queued(7), NOW), NOW - 30 * DAY) == Found(Purpose.BOUNCE, Queued(7))


def test_rotation() -> None:
    """The first key signs and all are believed; a key that was taken out is not."""
    old = verp(KEYS[0]).make(Purpose.BOUNCE, Queued(7), NOW)
    both = verp(KEYS[1], KEYS[0])
    new = both.make(Purpose.BOUNCE, Queued(7), NOW)
    assert new == verp(KEYS[1]).make(Purpose.BOUNCE, Queued(7), NOW)
    assert both.read(old, NOW) == both.read(new, NOW) == Found(Purpose.BOUNCE, Queued(7))
    assert verp(KEYS[1], KEYS[2]).read(old, NOW) is Problem.FORGED


def test_loaded(tmp_path: Path) -> None:
    """Without a configured file the keys are our own, made once; lifetimes are the settings'."""
    tmp_path.chmod(0o700)
    local = Verp.load(Bounce(), tmp_path).make(Purpose.FEEDBACK, Queued(7), NOW)
    configured = tmp_path / "mine"
    (tmp_path / "verp.keys").rename(configured)
    loaded = Verp.load(Bounce(key_file=configured, feedback_lifetime=DAY), tmp_path)
    assert loaded.read(local, NOW) == Found(Purpose.FEEDBACK, Queued(7))
    assert loaded.read(local, NOW + 3 * DAY) is Problem.EXPIRED
    assert not (tmp_path / "verp.keys").exists()


def test_speed() -> None:
    """Making and reading take far less than a delivery does, even on a busy machine."""
    one = verp()
    started = time.process_time()
    for number in range(5000):
        one.read(one.make(Purpose.BOUNCE, Queued(number), NOW), NOW)
    assert time.process_time() - started < 1.0  # measured: 0.12
