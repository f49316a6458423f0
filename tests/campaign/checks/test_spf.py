"""SPF as receivers judge it, through a DNS server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from postduif.campaign.checks.spf import Spf, check_host
from postduif.config.schema import Dns
from postduif.mta.resolver import Resolver
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

T = TypeVar("T")
SOURCE = "192.0.2.1"


def ask(server: DnsServer, question: Callable[[Resolver], Awaitable[T]]) -> T:
    """What a resolver that asks this server makes of it."""

    async def _ask() -> T:
        settings = Dns.model_validate({"nameservers": [server.endpoint], "timeout": 0.4})
        resolver = Resolver(settings, FakeClock())
        try:
            return await question(resolver)
        finally:
            await resolver.close()

    return asyncio.run(_ask())


ZONE = """
    none.example        A     192.0.2.1
    other.example       TXT   "google-site-verification=x"
    two.example         TXT   "v=spf1 -all"
    two.example         TXT   "v=spf1 +all"
    four.example        TXT   "v=spf1 ip4:192.0.2.0/28 -all"
    six.example         TXT   "v=spf1 ip6:2001:db8::/32 ~all"
    neutral.example     TXT   "v=spf1 ip4:198.51.100.1"
    asked.example       TXT   "v=spf1 ?all"
    capital.example     TXT   "V=SPF1 IP4:192.0.2.1 -ALL"
    joined.example      TXT   "v=spf1 ip4:192.0." "2.1 -all"
    a.example           TXT   "v=spf1 a -all"
    a.example           A     192.0.2.1
    a.example           AAAA  2001:db8::1
    wide.example        TXT   "v=spf1 a:near.example/24//64 -all"
    near.example        A     192.0.2.200
    near.example        AAAA  2001:db8::2
    mx.example          TXT   "v=spf1 mx -all"
    mx.example          MX    10 near.example
    mx.example          MX    20 a.example
    ptr.example         TXT   "v=spf1 ptr -all"
    mta.ptr.example     A     192.0.2.1
    1.2.0.192.in-addr.arpa  PTR   MTA.ptr.example
    include.example     TXT   "v=spf1 include:four.example -all"
    past.example        TXT   "v=spf1 include:six.example -all"
    hollow.example      TXT   "v=spf1 include:none.example +all"
    redirect.example    TXT   "v=spf1 redirect=four.example"
    nowhere.example     TXT   "v=spf1 redirect=none.example"
    unused.example      TXT   "v=spf1 -all redirect=four.example"
    loop.example        TXT   "v=spf1 include:loop.example -all"
    exists.example      TXT   "v=spf1 exists:%{ir}.%{l1r-}.%{v}.%{d2}.list.example -all"
    1.2.0.192.news.in-addr.exists.example.list.example  A  127.0.0.2
    broken.example      TXT   "v=spf1 ip4:192.0.2.0/33 -all"
    typo.example        TXT   "v=spf1 ipv4:192.0.2.1 -all"
    many.example        TXT   "v=spf1 a:a.example a:a.example include:five.example include:five.example -all"
    five.example        TXT   "v=spf1 a:near.example a:near.example a:near.example a:near.example ?all"
    void.example        TXT   "v=spf1 a:n1.example a:n2.example a:n3.example +all"
    silent.example      FAULT TXT SILENT
    failing.example     TXT   "v=spf1 a:sick.example -all"
    sick.example        FAULT * SERVFAIL
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    """All of the records."""
    with DnsServer(ZONE) as running:
        yield running


def judged(server: DnsServer, domain: str, address: str = SOURCE) -> Spf:
    """The result for mail from news-desk@ that domain."""
    return ask(server, lambda resolver: check_host(resolver, address, f"news-desk@{domain}", "mta.example.com"))


@pytest.mark.parametrize(
    ("domain", "address", "result"),
    [
        ("none.example", SOURCE, "none"),
        ("other.example", SOURCE, "none"),
        ("absent.example", SOURCE, "none"),
        ("example", SOURCE, "none"),
        ("two.example", SOURCE, "permerror"),
        ("four.example", SOURCE, "pass"),
        ("four.example", "192.0.2.16", "fail"),
        ("four.example", "2001:db8::1", "fail"),
        ("four.example", "::ffff:192.0.2.1", "pass"),
        ("six.example", "2001:db8:1::1", "pass"),
        ("six.example", SOURCE, "softfail"),
        ("neutral.example", SOURCE, "neutral"),
        ("asked.example", SOURCE, "neutral"),
        ("capital.example", SOURCE, "pass"),
        ("joined.example", SOURCE, "pass"),
        ("a.example", SOURCE, "pass"),
        ("a.example", "2001:db8::1", "pass"),
        ("a.example", "192.0.2.2", "fail"),
        ("wide.example", SOURCE, "pass"),
        ("wide.example", "2001:db8::ffff", "pass"),
        ("wide.example", "192.0.3.1", "fail"),
        ("mx.example", SOURCE, "pass"),
        ("mx.example", "192.0.2.3", "fail"),
        ("ptr.example", SOURCE, "pass"),
        ("ptr.example", "192.0.2.2", "fail"),
        ("include.example", SOURCE, "pass"),
        ("past.example", SOURCE, "fail"),
        ("hollow.example", SOURCE, "permerror"),
        ("redirect.example", SOURCE, "pass"),
        ("redirect.example", "198.51.100.9", "fail"),
        ("nowhere.example", SOURCE, "permerror"),
        ("unused.example", SOURCE, "fail"),
        ("exists.example", SOURCE, "pass"),
        ("exists.example", "192.0.2.2", "fail"),
        ("broken.example", SOURCE, "permerror"),
        ("typo.example", SOURCE, "permerror"),
        ("loop.example", SOURCE, "permerror"),
        ("many.example", "198.51.100.9", "permerror"),
        ("void.example", SOURCE, "permerror"),
        ("silent.example", SOURCE, "temperror"),
        ("failing.example", SOURCE, "temperror"),
    ],
)
def test_the_result(server: DnsServer, domain: str, address: str, result: str) -> None:
    """Each mechanism, qualifier and modifier leads to the result of RFC 7208."""
    assert judged(server, domain, address).result == result


def test_what_decided_is_said(server: DnsServer) -> None:
    """The term and the domain of its record are named, with the record of the domain itself."""
    found = judged(server, "redirect.example")
    assert found.why == "ip4:192.0.2.0/28 in the record of four.example"
    assert (found.record, found.lookups) == ("v=spf1 redirect=four.example", 1)


def test_ten_lookups_are_allowed_and_no_more(server: DnsServer) -> None:
    """All that is included counts together (RFC 7208 4.6.4)."""
    nine = "v=spf1 " + " ".join(["a:near.example"] * 9)
    with DnsServer(
        f'ten.example TXT "{nine} a:a.example -all"\neleven.example TXT "{nine} mx:mx.example a -all"'
    ) as small:
        small.add(ZONE)
        found = judged(small, "ten.example")
        assert (found.result, found.lookups) == ("pass", 10)
        assert judged(small, "eleven.example", "198.51.100.9").why.startswith("it takes more than 10 lookups")


def test_more_than_ten_mx_hosts_are_too_many() -> None:
    """A receiver does not look all of them up."""
    hosts = "\n".join(f"x.example MX {n} m{n}.x.example\nm{n}.x.example A 198.51.100.{n}" for n in range(1, 12))
    with DnsServer(f'x.example TXT "v=spf1 mx -all"\n{hosts}') as small:
        assert "more than 10 MX hosts" in judged(small, "x.example").why
