"""Guessers wait, their neighbours and victims do not, and nothing grows with what they try."""

from __future__ import annotations

import pytest

from postduif.config.schema import Auth
from postduif.mta import auth_backoff
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress
from tests.fakes import FakeClock

FREE = 5
LONGEST = 900.0


def at(ip: str) -> ClientAddress:
    """A client there."""
    return ClientAddress.of((ip, 1))


EVIL, HOME, CAFE = at("192.0.2.66"), at("198.51.100.1"), at("198.51.100.2")


class Guarded:
    """A back-off with a clock."""

    def __init__(self, max_wait: float = LONGEST) -> None:
        self.clock = FakeClock()
        self.backoff = Backoff(Auth(free_failures=FREE, max_wait=max_wait), self.clock)

    def wrong(self, address: ClientAddress, user: str = "alice", times: int = 1) -> None:
        """Wrong passwords, each as soon as it is looked at."""
        for _ in range(times):
            self.clock.advance(self.backoff._wait(address, user))
            assert self.backoff.begin(address, user) == 0
            self.backoff.end(address, user, right=False, failed=True)

    def right(self, address: ClientAddress, user: str = "alice") -> bool:
        """The right password; False: it was not looked at."""
        if self.backoff.begin(address, user):
            return False
        self.backoff.end(address, user, right=True, failed=False)
        return True


def test_waits_double_and_end_at_the_longest() -> None:
    """After the free failures the wait is 5 s, then twice as long each time, and never longer than the setting."""
    guard = Guarded()
    guard.wrong(EVIL, times=FREE - 1)
    waits = []
    for _ in range(10):
        guard.wrong(EVIL)
        waits.append(guard.backoff.begin(EVIL, "alice"))
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert guard.backoff.begin(EVIL, "bob") == 900, "other accounts are no way out"


def test_what_is_tried_meanwhile_does_not_lengthen_the_wait() -> None:
    """Refused attempts are not counted: the wait ends when it was to end."""
    guard = Guarded()
    guard.wrong(EVIL, times=FREE)
    for _ in range(100):
        assert guard.backoff.begin(EVIL, "alice") > 0
    guard.clock.advance(5)
    assert guard.right(EVIL)


def test_a_network_of_ipv6_is_one_client() -> None:
    """All addresses of a /64 wait together; the next /64 does not."""
    guard = Guarded()
    guard.wrong(at("2001:db8::1"), times=FREE)
    assert guard.backoff.begin(at("2001:db8::ffff:1"), "alice") > 0
    assert guard.right(at("2001:db8:0:1::1"))


def test_owner_gets_in_from_another_address() -> None:
    """Whatever an attacker does to an account from however many addresses, its owner gets in from a fresh one."""
    guard = Guarded()
    for number in range(200):
        guard.wrong(at(f"203.0.113.{number}"))
    guard.wrong(EVIL, times=30)
    assert guard.right(CAFE)


def test_account_under_attack_gives_each_address_one_try() -> None:
    """An account that many addresses fail at allows each of them one wrong password, not five."""
    guard = Guarded()
    for number in range(auth_backoff.ATTACK * FREE + 1):
        guard.wrong(at(f"203.0.113.{number}"))
    guard.wrong(EVIL)
    assert guard.backoff.begin(EVIL, "alice") == auth_backoff.FIRST_WAIT
    assert guard.backoff.begin(EVIL, "bob") == 0, "the account is what is attacked"


def test_known_user_is_not_shut_out_by_neighbours() -> None:
    """Who has logged in from an address before still can when others behind it fail, or attack the account."""
    guard = Guarded()
    assert guard.right(HOME)
    guard.wrong(HOME, "mallory", times=20)
    for number in range(100):
        guard.wrong(at(f"203.0.113.{number}"))
    assert guard.right(HOME)
    assert not guard.right(HOME, "bob")


def test_guesses_at_a_known_user_wait_too() -> None:
    """To have logged in from an address is no licence to guess there."""
    guard = Guarded()
    guard.right(HOME)
    guard.wrong(HOME, times=FREE)
    assert guard.backoff.begin(HOME, "alice") == auth_backoff.FIRST_WAIT


def test_own_account_is_no_way_to_go_on_guessing() -> None:
    """An attacker with an account of his own does not win new tries by logging in to it."""
    guard = Guarded()
    for _ in range(FREE):
        guard.wrong(EVIL)
        guard.right(EVIL, "mallory")
    assert guard.backoff.begin(EVIL, "alice") > 0


def test_attempts_at_once_are_counted_at_once() -> None:
    """A hundred attempts begun before the first is answered are not a hundred free ones; those that were ours are."""
    guard = Guarded()
    begun = [guard.backoff.begin(EVIL, f"user{number}") for number in range(100)]
    assert begun.count(0) == FREE
    for number in range(FREE):
        guard.backoff.end(EVIL, f"user{number}", right=False, failed=False)
    assert guard.backoff.begin(EVIL, "alice") == 0


def test_failures_are_forgotten() -> None:
    """After twice the longest wait without a failure an address begins anew."""
    guard = Guarded()
    guard.wrong(EVIL, times=FREE + 3)
    guard.clock.advance(2 * LONGEST + 1)
    guard.wrong(EVIL, times=FREE - 1)
    assert guard.right(EVIL)


def test_zero_is_no_wait() -> None:
    """With max_wait 0 nobody waits."""
    guard = Guarded(max_wait=0)
    guard.wrong(EVIL, times=50)
    assert guard.right(EVIL)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses and names are tried, no more than the bound is remembered; who failed last is."""
    monkeypatch.setattr(auth_backoff, "REMEMBERED", 300)
    guard = Guarded()
    for number in range(1000):
        address = at(f"10.0.{number // 250}.{number % 250}")
        guard.right(address, f"known{number}")
        guard.wrong(address, f"user{number}")
    guard.wrong(EVIL, times=FREE)
    assert len(guard.backoff._failures) <= 300
    assert len(guard.backoff._known) <= 300
    assert guard.backoff.begin(EVIL, "alice") > 0


def test_one_log_line_a_failure_that_brings_a_wait(capfd: pytest.CaptureFixture[str]) -> None:
    """The log names the client and the wait, once for each failure; what is tried meanwhile makes no lines."""
    guard = Guarded()
    guard.wrong(EVIL, times=FREE)
    for _ in range(10):
        guard.backoff.begin(EVIL, "alice")
    lines = [line for line in capfd.readouterr().err.splitlines() if "auth_backoff" in line]
    assert lines == ["warning auth_backoff client=192.0.2.66 user=alice wait=5.000"]
