"""What the checks are told of sizes and phones when a mailing is prepared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from postduif.campaign.preparing.doing import do_prepare
from tests.campaign.installation import CONTENT, NOW, WHO, Installation
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

RULES = '{"only": ["size_advised", "deco_html_size", "deco_text_size", "spam_unknown"]}'


@pytest.mark.parametrize(
    ("people", "html", "wanted"),
    [
        (["a@one.example"], "x" * 40_000, {"size_advised"}),
        (["a@one.example"], "x" * 30_000, set()),
        (["a@docomo.ne.jp", "b@one.example"], "x" * 11_000, {"deco_html_size"}),
        (["a@docomo.ne.jp"], "x" * 9_000, set()),
    ],
)
def test_sizes_and_phones(tmp_path: Path, people: list[str], html: str, wanted: set[str]) -> None:
    """The largest message is measured, and who has such a phone is counted among those who get it."""
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, people)
        place.begun(place.mailing(replace(CONTENT, body=f"<p>{html}</p>"), typology=RULES))
        report = do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert report is not None
    assert {one.rule for one in report.findings} == wanted
