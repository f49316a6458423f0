"""Client addresses: how they are read and counted."""

from __future__ import annotations

import ipaddress

import pytest

from postduif.mta.client_network import ClientAddress, ClientCount


@pytest.mark.parametrize(
    ("peername", "text"),
    [
        (("192.0.2.1", 25), "192.0.2.1"),
        (("::ffff:192.0.2.1", 25, 0, 0), "192.0.2.1"),
        (("2001:db8::1", 25, 0, 0), "2001:db8::1"),
        (("fe80::1%eth0", 25, 0, 2), "fe80::1"),
        ("", ""),
        (None, ""),
    ],
)
def test_peername_is_read(peername: object, text: str) -> None:
    """What getpeername returns becomes one address; IPv4 in IPv6 is IPv4."""
    assert ClientAddress.of(peername).text == text


def test_networks() -> None:
    """An address is trusted when it is in a network of its own kind."""
    networks = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")]
    assert ClientAddress.of(("127.1.2.3", 1)).within(networks)
    assert ClientAddress.of(("2001:db8:1::5", 1)).within(networks)
    assert not ClientAddress.of(("::1", 1)).within(networks)
    assert not ClientAddress.of("").within(networks)


def test_count_is_by_address_and_by_64() -> None:
    """IPv4 counts by address, IPv6 by /64, and nothing is left when all are gone."""
    count = ClientCount()
    one, same, other = (ClientAddress.of((text, 1)) for text in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"))
    for address in (one, same, other):
        count.add(address)
    assert (count.of(one), count.of(other)) == (2, 1)
    assert count.of(ClientAddress.of(("0.0.0.1", 1))) == 0
    for address in (one, same, other):
        count.remove(address)
    assert count._open == {}
