"""The domains that send: records to publish, and what DNS says when it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from postduif.campaign.operating import sending_domains
from postduif.mta import dkim_keys
from tests.dns_server import DnsServer
from tests.web_world import Pages

ZONE = """
mta.sender.example       A    127.0.0.2
bounce.sender.example    MX   10 mta.sender.example
bounce.sender.example    TXT  "v=spf1 ip4:127.0.0.2 -all"
2.0.0.127.in-addr.arpa   PTR  mta.sender.example
_dmarc.sender.example    TXT  "v=DMARC1; p=reject"
bare.example             A    127.0.0.3
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pages, str]]:
    """With a key, a bounce domain, and a zone that is right; and the record of that key."""
    directory = tmp_path_factory.mktemp("domains")
    key = directory / "key.pem"
    key.write_bytes(dkim_keys.generate("ed25519", 2048))
    key.chmod(0o600)
    record = dkim_keys.public_record(dkim_keys.read_key(key))
    zone = f'{ZONE}2026a._domainkey.sender.example TXT "{record}"\n'
    with DnsServer(zone) as server:
        settings = f"""
            [bounce]
            domain = "bounce.sender.example"
            [dns]
            nameservers = ["{server.endpoint}"]
            timeout = "1s"
            [[dkim]]
            domain = "sender.example"
            selector = "2026a"
            key = "{key}"
            [[dkim]]
            domain = "lost.example"
            selector = "x"
            key = "{directory}/none.pem"
        """
        with Pages(directory, settings) as served:
            yield served, record


def test_the_list(pages: tuple[Pages, str]) -> None:
    """Those of the settings, without asking DNS; a key that cannot be read is said."""
    served, _ = pages
    anna = served.signed_in("anna", "viewer")
    page = anna.get("/domains").text
    assert 'href="/domains/sender.example"' in page
    assert "unreadable key" in page
    assert anna.get("/domains?find=News.Example.com").location == "/domains/news.example.com?ask=true"
    wrong = anna.get("/domains?find=%3Cscript%3E")
    assert wrong.status == 422
    assert 'value="&lt;script&gt;"' in wrong.text
    assert "none.pem does not exist" in anna.get("/domains/lost.example").text
    assert anna.get("/domains/lost.example?ask=true").status == 422


def test_a_domain_that_is_right(pages: tuple[Pages, str]) -> None:
    """Its record can be copied before DNS is asked; asked, all of it is good."""
    served, record = pages
    anna = served.signed_in("piet", "viewer")
    page = anna.get("/domains/sender.example").text
    assert f'<code id="record-1">{record}</code>' in page
    assert "What receivers see now" not in page
    found = anna.get("/domains/sender.example?ask=true").text
    assert found.count('class="state good"') == 5, found.split('class="judged"')[1]
    for words in ("passes for 127.0.0.2", "p=reject, at sender.example; mail passes it", "bounces come back here"):
        assert words in found


def test_a_domain_that_is_not(pages: tuple[Pages, str]) -> None:
    """What is missing is said, with the record to publish; past a few who ask DNS at once nobody waits."""
    served, _ = pages
    vera = served.signed_in("vera", "viewer")
    with contextlib.ExitStack() as others:
        for _ in range(sending_domains.AT_ONCE):
            others.enter_context(sending_domains._TURNS)
        assert "others are asking DNS" in vera.get("/domains/bare.example?ask=true").text
    found = vera.get("/domains/bare.example?ask=true").text
    assert "no key signs for bare.example" in found
    assert "<code>_dmarc.bare.example</code>" in found
    assert ">v=DMARC1; p=none</code>" in found
