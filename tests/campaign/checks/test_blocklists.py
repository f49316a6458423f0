"""Blocklists: what they say is believed when it is what lists say, and nothing else is."""

from __future__ import annotations

import pytest

from postduif.campaign.checks.blocklists import MAX_QUESTIONS, ask_lists, domains_of
from postduif.campaign.checks.listing import Listing, Listings, Unheard
from tests.campaign.checks.test_spf import ask
from tests.dns_server import DnsServer

SERVED = """
    2.0.0.127.zen.example                A  127.0.0.2
    9.2.0.192.zen.example                A  127.0.0.4
    9.2.0.192.zen.example                A  127.0.0.10
    1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.example  A  127.0.0.3
    bad.example.dbl.example              A  127.0.1.2
"""


def said(zone: str, *addresses: str, domains: tuple[str, ...] = ()) -> Listings:
    """What the two lists of that zone say."""
    with DnsServer(zone) as server:
        return ask(server, lambda resolver: ask_lists(resolver, ["zen.example"], addresses, ["dbl.example"], domains))


def test_what_is_listed() -> None:
    """An address of either kind and a domain are found with all codes, and what is not on a list is not."""
    found = said(SERVED, "192.0.2.9", "192.0.2.10", "2001:db8::1", domains=("good.example", "bad.example"))
    assert found == Listings(
        (
            Listing("zen.example", "192.0.2.9", ("127.0.0.10", "127.0.0.4")),
            Listing("zen.example", "2001:db8::1", ("127.0.0.3",)),
        ),
        (Listing("dbl.example", "bad.example", ("127.0.1.2",)),),
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("8.2.0.192.zen.example  A  127.255.255.254", "does not serve this name server, or not any more"),
        ("8.2.0.192.zen.example  A  127.0.0.1", "it answers 127.0.0.1"),
        ("8.2.0.192.zen.example  A  198.51.100.7", "it answers 198.51.100.7, as no list does"),
        ("8.2.0.192.zen.example  A  127.0.1.2", "it answers 127.0.1.2, as no list does"),
        ("8.2.0.192.zen.example  FAULT  A  SERVFAIL", "it gave no answer"),
        ("1.0.0.127.zen.example  A  127.0.0.2", "it has 127.0.0.1, and so perhaps everything"),
    ],
)
def test_what_is_no_listing(more: str, why: str) -> None:
    """An answer that means something else lists nobody, and the list is said to be at fault."""
    found = said(SERVED + more, "192.0.2.8")
    assert found.addresses == ()
    assert [one.zone for one in found.unheard] == ["zen.example"]
    assert why in found.unheard[0].why


def test_lists_that_are_gone() -> None:
    """One without the address that each must have is not there; one of domains that has all names says nothing."""
    found = said("invalid.dbl.example A 127.0.1.2\nx.example.dbl.example A 127.0.1.2", domains=("x.example",))
    assert found.domains == ()
    assert {one.zone: one.why.split(",")[0] for one in found.unheard} == {
        "zen.example": "it has not the address by which lists are tried",
        "dbl.example": "it has invalid",
    }


def test_nobody_is_asked_without_lists() -> None:
    """No list, no question."""
    with DnsServer(SERVED) as server:
        assert ask(server, lambda it: ask_lists(it, [], ["192.0.2.9"], [], ["bad.example"])) == Listings()
        assert not server.asked


def test_questions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many domains the last are not asked about, and how many is said; a slow list holds nothing up."""
    monkeypatch.setattr("postduif.campaign.checks.blocklists.PATIENCE", 0.2)
    zone = SERVED + "d1.example.dbl.example FAULT A SILENT"
    with DnsServer(zone) as server:
        many = [f"d{number}.example" for number in range(MAX_QUESTIONS)]
        found = ask(server, lambda resolver: ask_lists(resolver, [], [], ["dbl.example"], many))
        assert len(server.asked) <= MAX_QUESTIONS
    assert found.left_out == 1
    assert found.unheard == (Unheard("dbl.example", "it gave no answer about all of them"),)


def test_our_own_loopback_is_not_asked_about() -> None:
    """It is on every list, for trials."""
    assert said(SERVED, "127.0.0.2", "::1").addresses == ()


def test_domains() -> None:
    """The host and the domains above it, in small letters and in ASCII; what is no host is left out."""
    assert domains_of(["https://www.Shop.example/a", "http://shop.example", "https://b\u00fccher.example/?q"]) == [
        "www.shop.example",
        "shop.example",
        "xn--bcher-kva.example",
    ]
    assert domains_of(["https://a.b.c.d.e.co.uk/"]) == ["a.b.c.d.e.co.uk", "d.e.co.uk", "e.co.uk", "co.uk"]
    strange = ("https://{{ shop }}.example/", "mailto:a@b.example", "https://192.0.2.1/", "https://[::1]/", "https://[")
    assert domains_of([*strange, "https://localhost", "", "#top"]) == []
