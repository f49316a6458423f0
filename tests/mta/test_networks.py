"""Networks: which addresses a DNS record may not lead to."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from postduif.mta.networks import OWN, is_own, refusal


def _address_of_this_machine() -> str:
    """An address of a real interface; a skip where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine has no network but loopback")
        return str(probe.getsockname()[0])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "10.211.2.3",
        "172.16.211.1",
        "172.31.255.254",
        "192.168.211.17",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "::ffff:198.51.100.1",
        "::ffff:127.0.0.1",
        "::198.51.100.1",
        "fe80::1",
        "fe80::1%lo",
        "fc00:211::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "64:ff9b:1::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::1",
        "2002:c0a8:101::1",
    ],
)
def test_what_is_not_of_the_internet_is_refused(address: str) -> None:
    """Loopback, private, link-local, multicast and the like, plain or inside an IPv6 address."""
    assert refusal(address) not in ("", OWN)


@pytest.mark.parametrize(
    "address",
    ["198.51.100.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "2a00:1450::1", "64:ff9b::198.51.100.1"],
)
def test_what_is_of_the_internet_is_not(address: str) -> None:
    """Public addresses pass, an IPv4 one seen through NAT64 too."""
    assert refusal(address) == ""


def test_allowed_networks_pass() -> None:
    """What the operator lists is used, and only that."""
    allowed = [ip_network("127.0.0.0/8"), ip_network("fd00::/8")]
    assert refusal("127.0.0.1", allowed) == ""
    assert refusal("fd00::1", allowed) == ""
    assert refusal("10.0.0.1", allowed) == "private"
    assert refusal("::ffff:127.0.0.1", allowed) == "IPv4-mapped"


def test_our_own_address_is_known() -> None:
    """An address of an interface is ours; its neighbours and loopback are not called so."""
    ours = _address_of_this_machine()
    assert is_own(ours)
    assert refusal(ours) == OWN
    assert refusal(ours, [ip_network(ours)]) == ""
    assert not is_own("198.51.100.1")
    assert refusal("127.0.0.1") == "loopback"


def test_nonsense_is_no_address() -> None:
    """It raises, and is not taken for harmless."""
    with pytest.raises(ValueError, match="localhost"):
        refusal("localhost")
