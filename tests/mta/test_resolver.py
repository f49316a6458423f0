"""Resolver: what a DNS server says, or fails to say, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import dns.resolver
import pytest
import uvloop

from postduif.config.schema import Dns
from postduif.errors import ConfigError
from postduif.mta.metrics import DNS_LOOKUPS
from postduif.mta.resolver import FAILURE_TTL, MAX_LOOKUPS, MAX_NEGATIVE_TTL, MAX_RECORDS, Answer, Resolver, Status
from tests.dns_server import FORGED_ADDRESS, DnsServer
from tests.fakes import FakeClock

T = TypeVar("T")

ZONE = """
    example.com         600 MX    20 mx2.example.com
    example.com         600 MX    10 MX1.example.com
    mx1.example.com     60 A      198.51.100.2
    mx1.example.com     60 A      198.51.100.1
    mx1.example.com     60 AAAA   2001:db8::1
    alias.example.com   50 CNAME  example.com
    dangling.example    CNAME     nowhere.example
    loop1.example       CNAME     loop2.example
    loop2.example       CNAME     loop1.example
    nomx.example        A         198.51.100.3
    null.example        MX        0 .
    servfail.example    FAULT     * SERVFAIL
    refused.example     FAULT     * REFUSED
    referral.example    FAULT     * REFERRAL
    silent.example      FAULT     * SILENT
    garbage.example     FAULT     * GARBAGE
    forged.example      A         198.51.100.4
    forged.example      FAULT     * FORGED
    tcp.example         MX        10 mx1.example.com
    tcp.example         FAULT     * TRUNCATED
    held.example        MX        10 mx1.example.com
    held.example        FAULT     * HELD
    eager.example       0 A       198.51.100.5
    lasting.example     2147483647 A 198.51.100.6
    absurd.example      2147483648 A 198.51.100.7
"""


def _ask(
    question: Callable[[Resolver], Awaitable[T]],
    server: DnsServer,
    *,
    clock: FakeClock | None = None,
    timeout: float = 5.0,
    cache_size: int = 1000,
) -> T:
    """What a fresh resolver answers."""

    async def ask() -> T:
        settings = Dns(nameservers=[server.endpoint], timeout=timeout, cache_size=cache_size)
        resolver = Resolver(settings, clock or FakeClock())
        try:
            return await question(resolver)
        finally:
            await resolver.close()

    return asyncio.run(ask())


def _mx(name: str, **options: float) -> Answer:
    with DnsServer(ZONE) as server:
        return _ask(lambda resolver: resolver.mx(name), server, **options)  # type: ignore[arg-type]


def _count(result: str) -> float:
    return float(DNS_LOOKUPS.labels(result)._value.get())


def test_mx_records_are_found() -> None:
    """Preference and name of each, sorted."""
    assert _mx("example.com")[:2] == (Status.OK, ((10, "MX1.example.com."), (20, "mx2.example.com.")))


def test_addresses_of_both_families_are_found() -> None:
    """AAAA and A are asked for together."""
    with DnsServer(ZONE) as server:
        six, four = _ask(lambda resolver: resolver.addresses("mx1.example.com"), server)
    assert six.records == ("2001:db8::1",)
    assert four.records == ("198.51.100.1", "198.51.100.2")


def test_texts_and_names_of_addresses_are_found() -> None:
    """The strings of a text are one, and an address of either family is turned round."""
    zone = """
        example.com   TXT  "v=spf1 " "-all"
        1.2.0.192.in-addr.arpa  PTR  MTA.example.com.
        1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa  PTR  six.example.com.
    """
    with DnsServer(zone) as server:
        assert _ask(lambda resolver: resolver.txt("example.com"), server).records == ("v=spf1 -all",)
        assert _ask(lambda resolver: resolver.ptr("192.0.2.1"), server).records == ("MTA.example.com",)
        assert _ask(lambda resolver: resolver.ptr("2001:db8::1"), server).records == ("six.example.com",)


def test_without_ipv6_nobody_asks_for_it() -> None:
    """No AAAA query is sent."""
    with DnsServer(ZONE) as server:
        six, _ = _ask(lambda resolver: resolver.addresses("mx1.example.com", ipv6=False), server)
        assert not six.records
        assert server.asked == {("mx1.example.com", "A"): 1}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("alias.example.com", Status.OK),
        ("nomx.example", Status.NODATA),
        ("null.example", Status.OK),
        ("nowhere.example", Status.NXDOMAIN),
        ("dangling.example", Status.NXDOMAIN),
        ("x" * 64 + ".example", Status.NXDOMAIN),
        ("x.".join(["y" * 62] * 5), Status.NXDOMAIN),
        ("a..example", Status.NXDOMAIN),
        ("servfail.example", Status.SERVFAIL),
        ("refused.example", Status.SERVFAIL),
        ("referral.example", Status.SERVFAIL),
        ("loop1.example", Status.SERVFAIL),
    ],
)
def test_every_answer_has_its_status(name: str, status: Status) -> None:
    """CNAMEs are followed; what cannot be a name does not exist; servers that do not say are temporary."""
    answer = _mx(name)
    assert answer.status is status
    assert answer.temporary == (status is Status.SERVFAIL)
    assert bool(answer.records) == (status is Status.OK)


@pytest.mark.parametrize("name", ["silent.example", "garbage.example"])
def test_no_sensible_answer_in_time_is_a_timeout(name: str) -> None:
    """It ends after dns.timeout, and is temporary."""
    began = time.monotonic()
    answer = _mx(name, timeout=0.2)
    assert answer.temporary
    assert time.monotonic() - began < 2


def test_it_runs_on_uvloop() -> None:
    """The event loop of the daemon does as well, over UDP and TCP."""

    async def ask() -> None:
        resolver = Resolver(Dns(nameservers=[server.endpoint]), FakeClock())
        assert (await resolver.mx("example.com")).status is Status.OK
        assert (await resolver.mx("tcp.example")).status is Status.OK
        assert (await resolver.mx("nowhere.example")).status is Status.NXDOMAIN

    with DnsServer(ZONE) as server:
        uvloop.run(ask())


def test_a_dead_port_is_temporary() -> None:
    """Nobody listens there."""
    with DnsServer() as server:
        pass
    answer = _ask(lambda resolver: resolver.mx("example.com"), server, timeout=0.2)
    assert answer.temporary


def test_a_second_server_stands_in() -> None:
    """When the first refuses, the next is asked; each has its own port."""

    async def ask(first: DnsServer, second: DnsServer) -> Answer:
        return await Resolver(Dns(nameservers=[first.endpoint, second.endpoint]), FakeClock()).mx("example.com")

    with DnsServer("example.com FAULT * SERVFAIL") as first, DnsServer(ZONE) as second:
        assert asyncio.run(ask(first, second)).status is Status.OK
        assert first.asked == second.asked == {("example.com", "MX"): 1}


def test_forged_answers_are_not_believed() -> None:
    """Wrong id, wrong question, a short packet, another sender: the true answer is used."""
    with DnsServer(ZONE) as server:
        _, four = _ask(lambda resolver: resolver.addresses("forged.example", ipv6=False), server)
    assert FORGED_ADDRESS not in four.records
    assert four.records == ("198.51.100.4",)


def test_what_was_not_asked_for_is_not_remembered() -> None:
    """Records of other names in an answer are no answers: the cache knows questions only."""

    async def ask(resolver: Resolver) -> tuple[Answer, Answer]:
        _, stuffed = await resolver.addresses("stuffed.example", ipv6=False)
        _, victim = await resolver.addresses("victim.example", ipv6=False)
        return stuffed, victim

    zone = "stuffed.example A 198.51.100.1\nstuffed.example FAULT * STUFFED\nvictim.example A 198.51.100.2"
    with DnsServer(zone) as server:
        stuffed, victim = _ask(ask, server)
    assert (stuffed.records, victim.records) == (("198.51.100.1",), ("198.51.100.2",))


def test_a_truncated_answer_is_fetched_by_tcp() -> None:
    """The whole answer counts."""
    with DnsServer(ZONE) as server:
        answer = _ask(lambda resolver: resolver.mx("tcp.example"), server)
        assert server.tcp_connections == 1
    assert answer.records == ((10, "mx1.example.com."),)


def test_a_huge_answer_is_cut() -> None:
    """Of thousands of records the first by preference are kept, the same ones each time."""
    zone = "\n".join(f"huge.example MX {number % 50} m{number}.huge.example" for number in range(500))
    with DnsServer(zone) as server:
        first, second = (_ask(lambda resolver: resolver.mx("huge.example"), server) for _ in range(2))
    assert len(first.records) == MAX_RECORDS
    assert first.records == second.records
    assert first.records[0][0] == 0


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("eager.example", 30), ("lasting.example", 86400), ("absurd.example", 30), ("mx1.example.com", 60)],
)
def test_answers_are_kept_for_their_ttl_within_bounds(name: str, seconds: float) -> None:
    """Not below min_ttl, not above max_ttl; a TTL of more than 31 bits is 0 (RFC 2181 8)."""
    clock = FakeClock()

    async def ask(resolver: Resolver) -> None:
        await resolver.addresses(name, ipv6=False)
        clock.advance(seconds - 1)
        await resolver.addresses(name, ipv6=False)
        assert server.asked[name, "A"] == 1
        clock.advance(2)
        await resolver.addresses(name, ipv6=False)
        assert server.asked[name, "A"] == 2

    with DnsServer(ZONE) as server:
        _ask(ask, server, clock=clock)


def test_a_cname_shortens_the_ttl() -> None:
    """The shortest TTL of the chain counts."""
    clock = FakeClock()
    with DnsServer(ZONE) as server:
        answer = _ask(lambda resolver: resolver.mx("alias.example.com"), server, clock=clock)
    assert answer.until == clock.monotonic() + 50


@pytest.mark.parametrize(("minimum", "seconds"), [(0, 30), (100, 100), (86400, MAX_NEGATIVE_TTL)])
@pytest.mark.parametrize("name", ["nowhere.example", "nomx.example"])
def test_a_no_is_kept_as_the_soa_says(name: str, minimum: int, seconds: float) -> None:
    """For its minimum, but five minutes at most (RFC 2308 5)."""
    clock = FakeClock()
    with DnsServer(ZONE, negative_ttl=minimum) as server:
        answer = _ask(lambda resolver: resolver.mx(name), server, clock=clock)
    assert answer.until == clock.monotonic() + seconds


def test_a_failure_is_kept_for_a_moment() -> None:
    """A dead server is asked once in a few seconds, and again as soon as it may be back."""
    clock = FakeClock()

    async def ask(resolver: Resolver) -> None:
        for _ in range(3):
            assert (await resolver.mx("servfail.example")).temporary
        assert server.asked["servfail.example", "MX"] == 1
        server.heal()
        server.add("servfail.example MX 10 mx.example.com")
        clock.advance(FAILURE_TTL + 1)
        assert (await resolver.mx("servfail.example")).status is Status.OK

    with DnsServer(ZONE) as server:
        _ask(ask, server, clock=clock)


def test_a_thousand_waiters_are_one_query() -> None:
    """Identical lookups under way are shared, and one who gives up does not end them for the rest."""

    async def ask(resolver: Resolver) -> None:
        waiters = [asyncio.ensure_future(resolver.mx("held.example")) for _ in range(1000)]
        await asyncio.to_thread(server.wait_asked, 1)
        waiters[0].cancel()
        await asyncio.sleep(0)
        server.release()
        answers = await asyncio.gather(*waiters[1:])
        assert waiters[0].cancelled()
        assert {answer.status for answer in answers} == {Status.OK}
        assert server.asked == {("held.example", "MX"): 1}

    with DnsServer(ZONE) as server:
        _ask(ask, server)


def test_lookups_at_once_are_bounded() -> None:
    """More than MAX_LOOKUPS wait their turn, and get it."""
    names = [f"d{number}.example" for number in range(MAX_LOOKUPS + 50)]

    async def ask(resolver: Resolver) -> None:
        waiters = [asyncio.ensure_future(resolver.mx(name)) for name in names]
        await asyncio.to_thread(server.wait_asked, MAX_LOOKUPS)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(server.asked) == MAX_LOOKUPS
        server.release()
        assert {answer.status for answer in await asyncio.gather(*waiters)} == {Status.OK}

    with DnsServer("\n".join(f"{name} MX 1 mx.example\n{name} FAULT * HELD" for name in names)) as server:
        _ask(ask, server)


def test_the_cache_is_bounded() -> None:
    """No more than cache_size answers are kept; the one unused for longest goes first."""

    async def ask(resolver: Resolver) -> None:
        for name in ("a.example", "b.example", "a.example", "c.example", "a.example", "b.example"):
            await resolver.mx(name)
        assert server.asked["a.example", "MX"] == 1
        assert server.asked["b.example", "MX"] == 2

    with DnsServer() as server:
        _ask(ask, server, cache_size=2)


def test_a_cache_of_none_keeps_nothing() -> None:
    """cache_size = 0 asks each time."""

    async def ask(resolver: Resolver) -> None:
        for _ in range(2):
            assert (await resolver.mx("example.com")).status is Status.OK
        assert server.asked["example.com", "MX"] == 2

    with DnsServer(ZONE) as server:
        _ask(ask, server, cache_size=0)


def test_lookups_are_counted_by_result() -> None:
    """One fixed word each; what came from the cache is counted as that."""
    before = {word: _count(word) for word in ("ok", "nodata", "nxdomain", "servfail", "cached")}

    async def ask(resolver: Resolver) -> None:
        for name in ("example.com", "example.com", "nomx.example", "nowhere.example", "refused.example"):
            await resolver.mx(name)

    with DnsServer(ZONE) as server:
        _ask(ask, server)
    assert {word: _count(word) - was for word, was in before.items()} == dict.fromkeys(before, 1)


def test_the_source_port_is_random() -> None:
    """Each query comes from a port of its own, so that answers are hard to forge (RFC 5452 9.2)."""
    ports = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)

        async def ask() -> None:
            resolver = Resolver(Dns(nameservers=[f"127.0.0.1:{server.getsockname()[1]}"], timeout=5), FakeClock())
            waiters = [asyncio.ensure_future(resolver.mx(f"{number}.example")) for number in range(10)]
            for _ in waiters:
                _, peer = await asyncio.get_running_loop().sock_recvfrom(server, 512)
                ports.add(peer[1])
            await resolver.close()
            await asyncio.gather(*waiters, return_exceptions=True)

        asyncio.run(ask())
    assert len(ports) == 10


def test_no_nameserver_at_all_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system without resolv.conf, and none set."""
    read = dns.resolver.BaseResolver.read_resolv_conf
    missing = str(tmp_path / "resolv.conf")
    monkeypatch.setattr(dns.resolver.BaseResolver, "read_resolv_conf", lambda self, _: read(self, missing))
    with pytest.raises(ConfigError, match=r"dns\.nameservers"):
        Resolver(Dns(), FakeClock())
