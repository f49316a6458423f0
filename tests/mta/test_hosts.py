"""Hosts: which addresses are tried, in which order, given what DNS said."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random

import pytest

from postduif.mta.hosts import MAX_ADDRESSES, Found, Host, checked, trying_order
from postduif.mta.mx import Exchange
from postduif.mta.networks import OWN, Network
from postduif.reply import Reply

A, B, C = (Exchange(rank, f"{name}.example", 25) for rank, name in enumerate("abc"))


def _names(found: dict[Exchange, Found], allowed: tuple[Network, ...] = ()) -> list[str]:
    """The hosts left, in order."""
    hosts = checked("example.com", found, allowed, Random(1))
    assert not isinstance(hosts, Reply), hosts
    return [host.name for host in hosts]


def _verdict(found: dict[Exchange, Found]) -> Reply:
    reply = checked("example.com", found, (), Random(1))
    assert isinstance(reply, Reply), reply
    return reply


def test_equal_hosts_come_in_random_order() -> None:
    """Each order turns up, and no host is lost; a less preferred one stays last (RFC 5321 5.1)."""
    found = {Exchange(0, name, 25): Found((), (f"198.51.100.{number}",)) for number, name in enumerate("abc", 1)}
    found[Exchange(1, "z", 25)] = Found((), ("198.51.100.9",))
    rng = Random(1)
    orders = {"".join(host.name for host in trying_order(found, rng)) for _ in range(200)}
    assert orders == {"abcz", "acbz", "bacz", "bcaz", "cabz", "cbaz"}


def test_addresses_of_one_family_come_in_random_order() -> None:
    """The load is spread over the addresses of one name; the families take turns, IPv6 first."""
    found = {A: Found(("2001:db8::1", "2001:db8::2"), ("198.51.100.1", "198.51.100.2", "198.51.100.3"))}
    rng = Random(1)
    seen = {trying_order(found, rng)[0].addresses for _ in range(300)}
    assert len(seen) == 2 * 6
    for addresses in seen:
        assert [":" in address for address in addresses] == [True, False, True, False, False]


def test_addresses_are_capped() -> None:
    """Twenty are tried, shared out to the hosts, so that the less preferred have theirs."""
    many = Found((), tuple(f"198.51.100.{number}" for number in range(1, 101)))
    (single,) = trying_order({A: many}, Random(1))
    assert len(single.addresses) == MAX_ADDRESSES
    ten = trying_order({Exchange(number, f"{number}.example", 25): many for number in range(10)}, Random(1))
    assert [len(host.addresses) for host in ten] == [2] * 10


def test_our_address_cuts_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with an address of ours counts as us: it and all that are less preferred are left out."""
    monkeypatch.setattr("postduif.mta.networks.is_own", lambda address: address == "198.51.100.12")
    ours = Found((), ("198.51.100.12", "198.51.100.14"))
    found = {A: Found((), ("198.51.100.11",)), B: ours, C: Found((), ("198.51.100.13",))}
    assert _names(found) == ["a.example"]
    assert _names(found, (ip_network("198.51.100.12/32"),)) == ["a.example", "b.example", "c.example"]
    verdict = _verdict({A: ours, B: found[C]})
    assert (verdict.code, verdict.enhanced) == (554, "5.4.6")


def test_a_failed_lookup_before_us_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be a better host than we are: the mail waits."""
    monkeypatch.setattr("postduif.mta.networks.is_own", lambda address: address == "198.51.100.12")
    assert _verdict({A: Found(temporary=True), B: Found((), ("198.51.100.12",))}).enhanced == "4.4.3"


def test_forbidden_addresses_are_dropped_one_by_one() -> None:
    """A host keeps its other addresses; without any it is left out."""
    found = {A: Found(("::1",), ("10.211.2.3", "198.51.100.1")), B: Found((), ("127.0.0.1",))}
    assert checked("example.com", found, (), Random(1)) == (Host("a.example", ("198.51.100.1",), 25),)


def test_refusals_are_explained() -> None:
    """The reply names the kinds of address, for the sender's notification; they are not called ours."""
    verdict = _verdict({A: Found(("::1",), ("10.211.2.3",))})
    assert (verdict.code, verdict.enhanced) == (550, "5.4.4")
    assert "loopback, private" in verdict.text
    assert OWN not in verdict.text


def test_a_failed_lookup_beside_forbidden_addresses_is_temporary() -> None:
    """What failed may be the good one."""
    assert _verdict({A: Found((), ("127.0.0.1",)), B: Found(temporary=True)}).enhanced == "4.4.3"


def test_no_address_anywhere_is_final() -> None:
    """DNS answered, and there is nothing."""
    assert _verdict({A: Found(), B: Found()}).enhanced == "5.4.4"
