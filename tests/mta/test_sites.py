"""Sites: from a domain to the hosts to try, over a real DNS server."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, TypeVar

import pytest

from postduif.config.schema import Config
from postduif.mta.resolver import FAILURE_TTL, Resolver
from postduif.mta.sites import Destination, Host, Sites
from postduif.reply import Reply
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

T = TypeVar("T")

ZONE = """
    example.com          MX    10 mx1.example.net
    example.com          MX    20 mx2.example.net
    hosted.example       MX    1 mx1.example.net
    hosted.example       MX    7 mx2.example.net
    reversed.example     MX    1 mx2.example.net
    reversed.example     MX    2 mx1.example.net
    mx1.example.net      A     198.51.100.1
    mx1.example.net      A     198.51.100.2
    mx1.example.net      AAAA  2001:db8::1
    mx1.example.net      AAAA  2001:db8::2
    mx2.example.net      A     198.51.100.3
    alias.example        CNAME example.com
    bare.example         A     198.51.100.4
    barealias.example    CNAME bare.example
    nothing.example      TXT   "no mail here"
    null.example         MX    0 .
    halfnull.example     MX    0 .
    halfnull.example     MX    10 mx2.example.net
    mxalias.example      MX    10 mx.alias.example
    mx.alias.example     CNAME mx2.example.net
    deadmx.example       MX    10 nowhere.example
    deadmx.example       A     198.51.100.9
    literalmx.example    MX    10 198.51.100.1
    servfail.example     FAULT * SERVFAIL
    refused.example      FAULT * REFUSED
    silent.example       FAULT * SILENT
    garbage.example      FAULT * GARBAGE
    loop1.example        CNAME loop2.example
    loop2.example        CNAME loop1.example
    tempmx.example       MX    10 tempa.example
    tempa.example        FAULT * SERVFAIL
    halftemp.example     MX    10 tempa.example
    halftemp.example     MX    20 mx2.example.net
    hidden.example       MX    10 mx.hidden.example
    mx.hidden.example    AAAA  fd00:211::1
    mx.hidden.example    FAULT A SERVFAIL
    onlyv4works.example  A     198.51.100.5
    onlyv4works.example  FAULT AAAA SERVFAIL
    oneprivate.example   MX    10 private.example
    oneprivate.example   MX    20 mx2.example.net
    private.example      A     10.211.2.3
    mixed.example        A     10.211.2.3
    mixed.example        A     198.51.100.6
    ours.example         MX    10 mx1.example.net
    ours.example         MX    20 mta.example.org
    ours.example         MX    30 mx2.example.net
    onlyours.example     MX    10 mta.example.org
    mta.example.org      A     198.51.100.77
"""


def _sites(server: DnsServer, clock: FakeClock | None = None, timeout: float = 5.0, **sections: Any) -> Sites:
    config = Config.model_validate(
        {
            "server": {"hostname": "mta.example.org"},
            "dns": {"nameservers": [server.endpoint], "timeout": timeout},
            **sections,
        }
    )
    return Sites(config, Resolver(config.dns, clock or FakeClock()), Random(1))


def _run(question: Callable[[Sites], Awaitable[T]], zone: str = ZONE, **options: Any) -> T:
    with DnsServer(zone) as server:

        async def ask() -> T:
            return await question(_sites(server, **options))

        return asyncio.run(ask())


async def _road(sites: Sites, domain: str) -> tuple[Host, ...] | Reply:
    """What delivery does: destination, then hosts."""
    found = await sites.destination(domain)
    return found if isinstance(found, Reply) else await sites.hosts(found)


def _hosts(domain: str, **options: Any) -> tuple[Host, ...]:
    hosts = _run(lambda sites: _road(sites, domain), **options)
    assert not isinstance(hosts, Reply), hosts
    return hosts


def _verdict(domain: str, **options: Any) -> tuple[int, str]:
    reply = _run(lambda sites: _road(sites, domain), **options)
    assert isinstance(reply, Reply), reply
    assert reply.remote_mta == ""
    return reply.code, reply.enhanced


def _destination(domain: str, **options: Any) -> Destination:
    found = _run(lambda sites: sites.destination(domain), **options)
    assert isinstance(found, Destination), found
    return found


def test_hosts_come_by_preference_with_all_their_addresses() -> None:
    """Better host first, IPv6 and IPv4 in turn, each on the configured port."""
    first, second = _hosts("example.com", delivery={"port": 2525})
    assert (first.name, second.name) == ("mx1.example.net", "mx2.example.net")
    assert [":" in address for address in first.addresses] == [True, False, True, False]
    assert set(first.addresses) == {"2001:db8::1", "2001:db8::2", "198.51.100.1", "198.51.100.2"}
    assert second == Host("mx2.example.net", ("198.51.100.3",), 2525)


def test_ipv6_can_be_left_out() -> None:
    """delivery.ipv6 = false drops IPv6 addresses, found and literal."""
    first, _ = _hosts("example.com", delivery={"ipv6": False})
    assert set(first.addresses) == {"198.51.100.1", "198.51.100.2"}
    assert _verdict("[IPv6:2001:db8::1]", delivery={"ipv6": False}) == (550, "5.4.4")


@pytest.mark.parametrize(
    ("domain", "code", "enhanced"),
    [
        ("nowhere.example", 550, "5.1.2"),
        ("nothing.example", 550, "5.4.4"),
        ("null.example", 556, "5.1.10"),
        ("deadmx.example", 550, "5.4.4"),
        ("literalmx.example", 550, "5.4.4"),
        ("private.example", 550, "5.4.4"),
        ("onlyours.example", 554, "5.4.6"),
        ("mta.example.org", 554, "5.4.6"),
        ("servfail.example", 451, "4.4.3"),
        ("refused.example", 451, "4.4.3"),
        ("silent.example", 451, "4.4.3"),
        ("garbage.example", 451, "4.4.3"),
        ("loop1.example", 451, "4.4.3"),
        ("tempmx.example", 451, "4.4.3"),
        ("hidden.example", 451, "4.4.3"),
        ("[10.211.2.3]", 550, "5.4.4"),
        ("[127.0.0.1]", 550, "5.4.4"),
        ("[IPv6:::1]", 550, "5.4.4"),
        ("[IPv6:::ffff:198.51.100.1]", 550, "5.4.4"),
        ("localhost", 550, "5.4.4"),
    ],
)
def test_what_cannot_be_reached_has_its_verdict(domain: str, code: int, enhanced: str) -> None:
    """DNS said no: permanent. DNS failed: temporary, and never anything else."""
    zone = ZONE + "localhost A 127.0.0.1"
    timeout = 0.2 if domain in ("silent.example", "garbage.example") else 5.0
    assert _verdict(domain, zone=zone, timeout=timeout) == (code, enhanced)


@pytest.mark.parametrize(
    ("domain", "addresses"),
    [
        ("bare.example", {"198.51.100.4"}),
        ("barealias.example", {"198.51.100.4"}),
        ("mxalias.example", {"198.51.100.3"}),
        ("halfnull.example", {"198.51.100.3"}),
        ("halftemp.example", {"198.51.100.3"}),
        ("onlyv4works.example", {"198.51.100.5"}),
        ("oneprivate.example", {"198.51.100.3"}),
        ("mixed.example", {"198.51.100.6"}),
        ("[198.51.100.8]", {"198.51.100.8"}),
        ("[IPv6:2001:db8::8]", {"2001:db8::8"}),
    ],
)
def test_what_can_be_reached_is(domain: str, addresses: set[str]) -> None:
    """Implicit MX, CNAMEs, literals, and whatever is left when some hosts or addresses cannot be used."""
    assert {address for host in _hosts(domain) for address in host.addresses} == addresses


def test_an_mx_set_is_never_passed_over_for_the_domain_itself() -> None:
    """With MX records, the domain's own address is not asked for (RFC 5321 5.1)."""
    with DnsServer(ZONE) as server:

        async def ask() -> None:
            await _road(_sites(server), "deadmx.example")

        asyncio.run(ask())
        assert ("deadmx.example", "A") not in server.asked


def test_our_name_cuts_the_list() -> None:
    """Only the hosts preferred to us are tried."""
    assert [host.name for host in _hosts("ours.example")] == ["mx1.example.net"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "192.168.211.17", "fd00:211::1"])
def test_allowed_networks_open_what_is_closed(address: str) -> None:
    """An MX inside is refused, unless the operator lists its network."""
    zone = f"inside.example {'AAAA' if ':' in address else 'A'} {address}"
    assert _verdict("inside.example", zone=zone) == (550, "5.4.4")
    (host,) = _hosts("inside.example", zone=zone, delivery={"allowed_networks": [address]})
    assert host.addresses == (address,)


def test_the_address_checked_is_the_address_given() -> None:
    """Rebinding: DNS may change its mind, but what `hosts` returns was itself checked."""

    async def ask(sites: Sites) -> None:
        found = await sites.destination("rebind.example")
        assert isinstance(found, Destination)
        first = await sites.hosts(found)
        assert first == (Host("rebind.example", ("198.51.100.1",), 25),)
        server.add("rebind.example A 127.0.0.1")
        assert await sites.hosts(found) == first  # within the TTL
        clock.advance(31)
        assert await sites.hosts(found) == first  # the new, forbidden one is dropped

    clock = FakeClock()
    with DnsServer("rebind.example 30 A 198.51.100.1") as server:

        async def run() -> None:
            await ask(_sites(server, clock))

        asyncio.run(run())


def test_domains_with_the_same_hosts_share_a_destination() -> None:
    """The same MX hosts in the same order (a CNAME followed) are one Destination; in another order still one Site."""

    async def ask(sites: Sites) -> list[Destination]:
        found = [
            await sites.destination(name)
            for name in ("example.com", "hosted.example", "alias.example", "reversed.example")
        ]
        return [one for one in found if isinstance(one, Destination)]

    one, other, alias, turned = _run(ask)
    assert one is other is alias
    assert one.site == turned.site
    assert one.site.name == "(mx1|mx2).example.net"
    assert one != turned


def test_destinations_nobody_uses_are_freed() -> None:
    """What left the cache and no route holds does not stay in memory."""

    async def ask(sites: Sites) -> int:
        for number in range(50):
            assert isinstance(await sites.destination(f"d{number}.example"), Destination)
        gc.collect()
        return len(sites._shared)

    zone = "\n".join(f"d{number}.example MX 1 mx{number}.example" for number in range(50))
    with DnsServer(zone) as server:
        dns = {"nameservers": [server.endpoint], "cache_size": 10}

        async def run() -> int:
            return await ask(_sites(server, dns=dns))

        assert asyncio.run(run()) == 10


def test_a_site_is_configured_by_mx_or_by_domain() -> None:
    """Every MX host must match; a domain listed by name belongs whatever its MX; the first rule wins."""
    site = [
        {"name": "half", "mx": ["mx1.example.net"], "connections": 1},
        {"name": "hosting", "mx": [".example.net"], "connections": 2},
        {"name": "named", "domains": ["Hosted.Example"], "connections": 3},
        {"name": "late", "mx": [".example.net"], "domains": ["hosted.example"], "connections": 4},
    ]
    names = {name: _destination(name, site=site).site for name in ("example.com", "hosted.example", "bare.example")}
    assert {name: (found.name, found.limits.connections) for name, found in names.items()} == {
        "example.com": ("hosting", 2),
        "hosted.example": ("named", 3),
        "bare.example": ("bare.example", 10),
    }


def test_the_most_specific_next_hop_wins() -> None:
    """The domain itself, then its parents from near to far, then everything."""
    next_hop = [
        {"domain": "*", "hosts": ["127.0.0.1:1"]},
        {"domain": "*.example.com", "hosts": ["127.0.0.1:2"]},
        {"domain": "*.deep.example.com", "hosts": ["127.0.0.1:3"]},
        {"domain": "a.example.com", "hosts": ["127.0.0.1:4"]},
    ]
    expected = {
        "example.com": ("next_hop:*", 1),
        "x.example.com": ("next_hop:*.example.com", 2),
        "x.y.deep.example.com": ("next_hop:*.deep.example.com", 3),
        "a.example.com": ("next_hop:a.example.com", 4),
        "b.a.example.com": ("next_hop:*.example.com", 2),
        "[10.0.0.1]": ("next_hop:*", 1),
        "elsewhere.example": ("next_hop:*", 1),
    }
    found = {domain: _destination(domain, next_hop=next_hop) for domain in expected}
    assert {domain: (one.site.name, one.hosts[0].port) for domain, one in found.items()} == expected


def test_next_hops_are_tried_as_written_and_asked_no_questions() -> None:
    """Order, ports and addresses are the operator's; loopback and private networks are fine."""
    hosts = ["127.0.0.1:2526", "10.0.0.1:25", "[::1]:2527", "mx2.example.net:587", "localhost:26"]
    next_hop = [{"domain": "*", "hosts": hosts}]
    with DnsServer(ZONE) as server:

        async def ask() -> tuple[Host, ...] | Reply:
            return await _road(_sites(server, next_hop=next_hop), "null.example")

        found = asyncio.run(ask())
        assert set(server.asked) == {("mx2.example.net", "A"), ("mx2.example.net", "AAAA")}
    assert found == (
        Host("127.0.0.1", ("127.0.0.1",), 2526),
        Host("10.0.0.1", ("10.0.0.1",), 25),
        Host("::1", ("::1",), 2527),
        Host("mx2.example.net", ("198.51.100.3",), 587),
        Host("localhost", ("::1", "127.0.0.1"), 26),
    )


def test_a_next_hop_that_cannot_be_found_defers() -> None:
    """Our own mistake returns nobody's mail."""
    next_hop = [
        {"domain": "a.example", "hosts": ["nowhere.example:25"]},
        {"domain": "b.example", "hosts": ["tempa.example:25"]},
    ]
    assert _verdict("a.example", next_hop=next_hop) == (451, "4.4.4")
    assert _verdict("b.example", next_hop=next_hop) == (451, "4.4.3")


def test_a_next_hop_has_the_limits_of_its_site() -> None:
    """`[[site]]` may match its hosts by name."""
    found = _destination(
        "example.com",
        next_hop=[{"domain": "*", "hosts": ["relay.example.net:25"]}],
        site=[{"name": "relay", "mx": [".example.net"], "connections": 50}],
    )
    assert (found.site.name, found.site.limits.connections) == ("next_hop:*", 50)


def test_known_domains_are_answered_without_waiting() -> None:
    """After the first question `cached` has the answer, verdicts too, until their time is over."""

    async def ask(sites: Sites) -> None:
        assert sites.cached("example.com") is None
        found = await sites.destination("example.com")
        assert sites.cached("example.com") is found
        assert isinstance(await sites.destination("servfail.example"), Reply)
        assert isinstance(sites.cached("servfail.example"), Reply)
        clock.advance(FAILURE_TTL)
        assert sites.cached("servfail.example") is None
        assert sites.cached("example.com") is found
        clock.advance(300)
        assert sites.cached("example.com") is None

    clock = FakeClock()
    _run(ask, clock=clock)


def test_dns_down_bounces_nothing_and_comes_back() -> None:
    """While every server is dead all verdicts are temporary; afterwards mail flows within seconds."""
    clock = FakeClock()
    with DnsServer(ZONE) as server:

        async def ask() -> None:
            sites = _sites(server, clock)
            server.add("example.com FAULT * REFUSED")
            for _ in range(24):
                reply = await sites.destination("example.com")
                assert isinstance(reply, Reply)
                assert reply.transient
                clock.advance(3600)
            server.heal()
            assert isinstance(await sites.destination("example.com"), Destination)

        asyncio.run(ask())


def test_a_sender_who_takes_no_replies_is_told_so() -> None:
    """A sender domain with null MX is 5.7.27 (RFC 7505 4.2); nothing else is."""

    async def ask(sites: Sites) -> list[Reply | None]:
        domains = ("null.example", "example.com", "nowhere.example", "servfail.example")
        assert [sites.refuses_replies(domain) for domain in domains] == [None] * 4  # not known yet: nobody waits
        for domain in domains:
            await sites.destination(domain)
        return [sites.refuses_replies(domain) for domain in domains]

    null, *others = _run(ask)
    assert null is not None
    assert (null.code, null.enhanced) == (550, "5.7.27")
    assert others == [None, None, None]
