"""What a verdict of ours on a domain means for the addresses there."""

from __future__ import annotations

import asyncio

import pytest

from postduif.address import Address
from postduif.bounce.address_state import What
from postduif.bounce.effect import effect_of
from postduif.config.schema import Config, Delivery
from postduif.envelope import Entry, Envelope, Recipient
from postduif.mta.resolver import Resolver
from postduif.mta.sites import Destination, Sites
from postduif.mta.verdict import Circumstances, of_reply
from postduif.reply import Reply
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

ZONE = """
    nothing.example      TXT   "no mail here"
    null.example         MX    0 .
    literalmx.example    MX    10 198.51.100.1
    private.example      A     10.211.2.3
    onlyours.example     MX    10 mta.example.org
    mta.example.org      A     198.51.100.77
"""


async def _verdict(domain: str, ipv6: bool) -> Reply:
    with DnsServer(ZONE) as server:
        sections = {"dns": {"nameservers": [server.endpoint]}, "delivery": {"ipv6": ipv6}}
        config = Config.model_validate({"server": {"hostname": "mta.example.org"}, **sections})
        sites = Sites(config, Resolver(config.dns, FakeClock()))
        found = await sites.destination(domain)
        if isinstance(found, Destination):
            verdict = await sites.hosts(found)
            assert isinstance(verdict, Reply)
            return verdict
        return found


@pytest.mark.parametrize(
    ("domain", "ipv6", "what"),
    [
        ("nowhere.example", True, What.HARD),
        ("nothing.example", True, What.HARD),
        ("nothing.example", False, What.BLOCK),
        ("null.example", True, What.HARD),
        ("literalmx.example", True, What.HARD),
        ("private.example", True, What.BLOCK),
        ("onlyours.example", True, What.BLOCK),
    ],
)
def test_only_what_dns_says_of_a_domain_is_held_against_it(domain: str, ipv6: bool, what: What) -> None:
    """A domain that is not there, or takes no mail, is bad; what our own settings refuse closes nobody's address."""
    reply = asyncio.run(_verdict(domain, ipv6))
    entry = Entry(Envelope(Address("s", "a.example")), Recipient(Address("bob", domain)))
    attempt = of_reply(entry, reply, Circumstances("", 1.8e9, 0.5), Delivery()).attempt
    assert effect_of(attempt.category, attempt.reply.code) is what
    assert attempt.category != "recipient_unknown"
