"""The first page, and the frame that every page has."""

from __future__ import annotations

import re
from pathlib import Path

from postduif.campaign import web
from tests.fakes import FakeClock
from tests.web_world import Pages

TEMPLATES = Path(web.__file__).parent / "templates"


def test_the_first_page(tmp_path: Path) -> None:
    """Who is signed in sees the menu, its own name and what waits; what browsers are told is strict."""
    with Pages(tmp_path) as pages:
        answer = pages.signed_in("anna", "viewer").get("/")
    assert answer.status == 200
    assert "None is under way" in answer.text
    assert "The MTA does not answer" in answer.text
    assert ">anna<span>viewer</span>" in answer.text
    assert "Audit trail" not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_that_is_left_open_is_no_use(tmp_path: Path) -> None:
    """What it asks by itself keeps nobody signed in; each such part of a page says so."""
    clock = FakeClock()
    with Pages(tmp_path, clock=clock) as pages:
        anna = pages.signed_in()
        assert anna.get("/").text.count("X-Poll") == 2
        for _ in range(3):
            clock.advance(5 * 3600.0)
            answer = anna.get("/dashboard/mailings", **{"HX-Request": "true", "X-Poll": "1"})
        assert answer.status == 401
    for path in TEMPLATES.rglob("*.html"):
        for tag in re.findall(r"<[^>]*every \d+s[^>]*>", path.read_text()):
            assert "X-Poll" in tag, path
