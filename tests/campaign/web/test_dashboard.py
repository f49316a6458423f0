"""The first page, and the frame that every page has."""

from __future__ import annotations

from pathlib import Path

from tests.web_world import Pages


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
