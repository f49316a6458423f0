"""Who asks, and in which language."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from postduif.campaign.public.rates import Rates
from postduif.campaign.public.request import believing, household, language_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.9, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, 127.0.0.5", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("203.0.113.5", "192.0.2.1", "203.0.113.5"),
        ("127.0.0.1", "192.0.2.1:51234", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, 127.0.0.5:80", "192.0.2.1"),
        ("127.0.0.1", "[2001:db8::1]:51234", "2001:db8::1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, unknown", "127.0.0.1"),
        ("", "192.0.2.1", ""),
    ],
)
def test_client(peer: str, forwarded: str, client: str) -> None:
    """Only a web server of ours is believed, and of what it was told only what it added itself."""
    assert believing((ip_network("127.0.0.0/8"),))(peer, forwarded) == client


def test_household() -> None:
    """A household has one IPv4 address, or a /64."""
    assert household("2001:db8:1:2:aaaa::1") == household("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
    assert household("192.0.2.1") == "192.0.2.1"
    assert household("?") == "?"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("en;q=0.2,DE;q=0.7", "de"),
        ("", "en"),
        ("xx;q=oops,*", "en"),
        ("nl;q=0", "en"),
    ],
)
def test_language(accepted: str, language: str) -> None:
    """The one that is liked best of those that we have."""
    assert language_of(accepted, ("en", "nl", "de"), "en") == language


def test_rates() -> None:
    """So many within a span, then none until the next; those beyond the memory are not counted, or are refused."""
    now = [0.0]
    rates = Rates(2, 10.0, lambda: now[0], most=2)
    assert [rates.allows("a") for _ in range(3)] == [True, True, False]
    assert rates.allows("b")
    assert [rates.allows("c") for _ in range(5)] == [True] * 5
    now[0] = 10.0
    assert rates.allows("a")
    strict = Rates(2, 10.0, lambda: now[0], most=1, refusing=True)
    assert [strict.allows(who) for who in "aba"] == [True, False, True]
