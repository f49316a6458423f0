"""DMARC: the policy that holds for a domain, and which domains belong together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postduif.campaign.checks.dmarc import Dmarc, dmarc_of
from tests.campaign.checks.test_spf import ask
from tests.dns_server import DnsServer

ZONE = """
    _dmarc.example.com       TXT  "v=DMARC1; p=reject; sp=quarantine; adkim=s"
    _dmarc.own.example.com   TXT  "v=DMARC1; p=none; aspf=S"
    _dmarc.apart.example.com TXT  "v=DMARC1; p=none; psd=n"
    _dmarc.uk                TXT  "v=DMARC1; p=none; psd=y"
    _dmarc.two.example       TXT  "v=DMARC1; p=none"
    _dmarc.two.example       TXT  "v=DMARC1; p=reject"
    _dmarc.text.example      TXT  "some text"
    _dmarc.text.example      TXT  "v=DMARC1; p=none"
    _dmarc.wrong.example     TXT  "v=DMARC1; p=refuse"
    _dmarc.bare.example      TXT  "v=DMARC1; rua=mailto:d@bare.example"
    _dmarc.late.example      TXT  "p=none; v=DMARC1"
    _dmarc.sick.example      FAULT TXT SERVFAIL
    _dmarc.g.deep.example    TXT  "v=DMARC1; p=none"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    """All of the records."""
    with DnsServer(ZONE) as running:
        yield running


@pytest.mark.parametrize(
    ("domain", "where", "policy", "organisation"),
    [
        ("example.com", "example.com", "reject", "example.com"),
        ("news.example.com", "example.com", "quarantine", "example.com"),
        ("own.example.com", "own.example.com", "none", "example.com"),
        ("x.apart.example.com", "apart.example.com", "none", "apart.example.com"),
        ("shop.example.uk", "", "", "example.uk"),
        ("two.example", "", "", "two.example"),
        ("text.example", "text.example", "none", "text.example"),
        ("wrong.example", "wrong.example", "", "wrong.example"),
        ("bare.example", "bare.example", "none", "bare.example"),
        ("late.example", "", "", "late.example"),
        ("absent.example", "", "", "absent.example"),
    ],
)
def test_what_holds(server: DnsServer, domain: str, where: str, policy: str, organisation: str) -> None:
    """The nearest record decides, or that of the organisation; sp= is for what is below it."""
    found = ask(server, lambda resolver: dmarc_of(resolver, domain))
    assert (found.where, found.policy, found.organisation) == (where, policy, organisation)
    assert not found.unanswered


def test_strictness_is_read(server: DnsServer) -> None:
    """adkim= and aspf= are of the record that holds."""
    outer = ask(server, lambda resolver: dmarc_of(resolver, "a.example.com"))
    inner = ask(server, lambda resolver: dmarc_of(resolver, "own.example.com"))
    assert (outer.strict_dkim, outer.strict_spf) == (True, False)
    assert (inner.strict_dkim, inner.strict_spf) == (False, True)


def test_a_deep_name_is_walked_in_eight_questions(server: DnsServer) -> None:
    """Of more than eight labels some in the middle are left out (RFC 9989 4.10)."""
    server.asked.clear()
    found = ask(server, lambda resolver: dmarc_of(resolver, "a.b.c.d.e.f.g.deep.example"))
    assert found.organisation == "g.deep.example"
    assert len(server.asked) == 8
    assert ("_dmarc.b.c.d.e.f.g.deep.example", "TXT") not in server.asked


def test_no_answer_is_no_absence(server: DnsServer) -> None:
    """A server that fails leaves it open."""
    assert ask(server, lambda resolver: dmarc_of(resolver, "sick.example")) == Dmarc(unanswered=True)


@pytest.mark.parametrize(
    ("domain", "organisation", "strict", "aligned"),
    [
        ("news.example.com", "example.com", True, True),
        ("bounce.example.com", "example.com", False, True),
        ("bounce.example.com", "example.com", True, False),
        ("other.example", "other.example", False, False),
        ("other.example", "", False, False),
    ],
)
def test_alignment(domain: str, organisation: str, *, strict: bool, aligned: bool) -> None:
    """The same domain always is; one of the same organisation unless the policy is strict."""
    policy = Dmarc("example.com", "none", "example.com")
    assert policy.aligned("news.example.com", domain, organisation, strict=strict) is aligned
