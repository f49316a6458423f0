"""Clients that try passwords. Each test calls from addresses of its own, as failures are remembered by address."""

from __future__ import annotations

import base64

import pytest

from tests.world import World


def guess(world: World, source: str, *passwords: str, user: str = "alice") -> list[str]:
    """Codes that one connection hears to these passwords."""
    with world.call("plain_auth", source) as client:
        client.say("EHLO c.example")
        return [client.log_in(user, password)[:9] for password in passwords]


def test_three_wrong_passwords_end_the_connection(world: World) -> None:
    """The third failure is 535, and then 421 and the end."""
    with world.call("plain_auth", "127.0.9.1") as client:
        client.say("EHLO c.example")
        replies = [client.log_in("mallory", f"guess {number}") for number in range(3)]
        assert [reply[:9] for reply in replies] == ["535 5.7.8"] * 3
        assert client.hear().startswith("421 4.7.0 ")
        assert client.rest() == ""


def test_guesser_has_to_wait_on_a_new_connection_too(world: World) -> None:
    """After five failures the address hears 454 4.7.0, also to the right password; the log has one line a failure."""
    assert guess(world, "127.0.9.2", "a", "b") == ["535 5.7.8"] * 2
    assert guess(world, "127.0.9.2", "c", "d") == ["535 5.7.8"] * 2
    assert guess(world, "127.0.9.2", "e", "open sesame", "open sesame") == ["535 5.7.8", "454 4.7.0", "454 4.7.0"]
    assert guess(world, "127.0.9.2", "all doors", user="root") == ["454 4.7.0"]
    lines = [line for line in world.log().splitlines() if "auth_backoff" in line and "127.0.9.2 " in line]
    assert lines == ["warning auth_backoff client=127.0.9.2 user=alice wait=5.000"]


def test_victim_gets_in_from_elsewhere(world: World) -> None:
    """However many addresses guess at an account, its owner logs in from one that did not."""
    for number in range(25):
        guess(world, f"127.0.10.{number + 1}", f"guess {number}", user="root")
    assert guess(world, "127.0.10.25", "all doors", user="root") == ["454 4.7.0"], "one try an address, once attacked"
    assert guess(world, "127.0.11.1", "all doors", user="root") == ["235 2.7.0"]


@pytest.mark.parametrize("user", ["alice", "nobody", "Alice", "", "a" * 255])
def test_known_and_unknown_users_hear_the_same(world: World, user: str) -> None:
    """A wrong password has one answer, whether the user exists or not (the time is the same, too: test_credentials)."""
    with world.call("plain_auth", "127.0.9.3" if user == "alice" else "127.0.9.4") as client:
        client.say("EHLO c.example")
        assert client.log_in(user, f"wrong {user}") == "535 5.7.8 Authentication credentials invalid"


def test_no_password_in_the_clear_where_tls_is_spoken(world: World) -> None:
    """AUTH before TLS is 538, and the password is not looked at."""
    with world.call("auth") as client:
        client.say("EHLO c.example")
        assert client.log_in("alice", "open sesame").startswith("538 5.7.11 ")


@pytest.mark.parametrize(
    "octets", [b"\0alice\0open sesame\0", b"alice\0open sesame", b"\0al\0ice\0x", b"\xff\0\xff\0\xff"]
)
def test_nul_and_odd_octets_in_credentials(world: World, octets: bytes) -> None:
    """Credentials with too many or too few parts, or beyond UTF-8, are no login."""
    with world.call("plain_auth", "127.0.9.5") as client:
        client.say("EHLO c.example")
        assert client.say(f"AUTH PLAIN {base64.b64encode(octets).decode()}")[:3] in ("501", "535")


def test_endless_sasl_line(world: World) -> None:
    """A SASL line above 12,288 octets is 500, one without end ends the connection."""
    with world.call("plain_auth", "127.0.9.6") as client:
        client.say("EHLO c.example")
        client.say("AUTH PLAIN")
        assert client.say("A" * 12287).startswith("500 5.5.2 ")
        client.say("AUTH PLAIN")
        client.send(b"A" * 100_000)
        assert client.rest().startswith("500 5.5.2 ")


def test_passwords_are_not_in_the_log(world: World) -> None:
    """Neither right nor wrong passwords are written, plain or as they came."""
    guess(world, "127.0.9.7", "canary-in-the-coalmine")
    world.logged("client=127.0.9.7 outcome=failed")
    for secret in ("canary", "open sesame", "all doors", "AGFsaWNlAG", "Y2FuYXJ5"):
        assert secret not in world.log()
