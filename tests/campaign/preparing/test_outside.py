"""What is asked outside when a mailing is prepared, and what the checks make of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from postduif.campaign.preparing.doing import do_check
from postduif.config.campaign import Campaign
from postduif.config.schema import Web
from tests.campaign.installation import CONTENT, NOW, Content, Installation
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

LISTED = """
    2.0.0.127.zen.example    A  127.0.0.2
    9.2.0.192.zen.example    A  127.0.0.4
    shop.example.dbl.example A  127.0.1.2
"""
WEB = Web(public_url="https://news.example.com")
LINKS = (
    '<p><a href="https://www.shop.example/">Buy</a> <a href="{{ unsubscribe_url }}">Leave</a>'
    '<a href="https://x.example/"><img src="https://x.example/i.png"></a></p>'
)


def found(directory: Path, content: Content, typology: str, web: Web, zone: str = LISTED) -> dict[str, str]:
    """What the rules say, by name."""
    campaign = Campaign(sources=("192.0.2.9",), blocklists=("zen.example",), link_blocklists=("dbl.example",))
    with DnsServer(zone) as dns:
        place = Installation(directory, dns, ["ann@one.example"])
        place.config = place.config.model_copy(update={"web": web, "campaign": campaign})
        report = do_check(place.config, place.mailing(content, typology=typology).number, FakeClock(NOW))
        asked = {name.rstrip(".") for name, _ in dns.asked}
    return {one.rule: one.text for one in report.findings} | {"asked": " ".join(sorted(asked))}


@pytest.fixture(scope="module")
def all_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a mailing with pages whose host has no address, and links."""
    content = replace(CONTENT, body=LINKS, text="https://www.shop.example/")
    return found(tmp_path_factory.mktemp("all"), content, "{}", WEB)


def test_lists_and_pages(all_rules: dict[str, str]) -> None:
    """The address that mail leaves from and the domain of a link are asked about, and so is the host of our links."""
    assert all_rules["source_listed"] == "192.0.2.9, which mail leaves from, is on zen.example (127.0.0.4)"
    assert all_rules["link_listed"] == "shop.example, which a link leads to, is on dbl.example (127.0.1.2)"
    assert all_rules["pages_nowhere"].startswith("news.example.com has no address in DNS")
    assert "news.example.com.dbl.example" in all_rules["asked"]


def test_labels_and_ways_out(all_rules: dict[str, str]) -> None:
    """A tracked link that shows nothing wants a label; with pages, a part without a way to unsubscribe is an error."""
    assert all_rules["link_label"] == "1 link has no label: https://x.example/"
    assert all_rules["unsubscribe_page"] == "there is no link to unsubscribe in the text"
    assert all_rules.keys().isdisjoint({"unsubscribe_link", "unsubscribe_click", "unsubscribe_click_page"})
    assert "tracking_off" not in all_rules


def test_without_pages(tmp_path: Path) -> None:
    """The same is a warning then, and that nothing is tracked is said; nobody looks for a host."""
    rules = found(tmp_path, CONTENT, '{"levels": {"source_listed": "off"}}', Web())
    assert {"unsubscribe_link", "unsubscribe_click", "tracking_off"} <= rules.keys()
    assert rules.keys().isdisjoint({"unsubscribe_page", "unsubscribe_click_page", "pages_nowhere"})


def test_what_no_rule_wants_is_not_asked(tmp_path: Path) -> None:
    """A typology without these rules costs no question to lists, nor about our host."""
    asked = found(tmp_path, CONTENT, '{"only": ["subject_empty"]}', WEB)["asked"].split()
    assert not [name for name in asked if name.endswith(("zen.example", "dbl.example")) or name == "news.example.com"]
