"""What is said of an address on the suppression list."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from postduif.mta.reasons.facts import Row
from postduif.mta.reasons.refusal import describe, refusing
from tests.mta.reasons.known import NOW

BOB = "bob@example.org"


def entry(**changes: Any) -> Row:
    """One of his, entered by hand."""
    return {
        "address": BOB,
        "type": "",
        "standing": "suppressed",
        "cause": "manual",
        "source": "eva",
        "reason": "he phoned.",
        "evidence": "",
        "at": NOW - 120,
        "until": None,
        **changes,
    }


def said(**changes: Any) -> list[str]:
    """The lines about one entry."""
    return list(describe(BOB, [entry(**changes)], NOW, UTC))


def test_which_entry_and_the_way_out() -> None:
    """His own entry: since when, why, and the command that takes it away."""
    assert said() == [
        "bob@example.org is refused all mail since 07:58:00 (2m ago): suppressed (manual), by eva: he phoned.",
        "To let it go: postduif suppress remove bob@example.org --reason TEXT",
    ]


def test_a_pattern() -> None:
    """The entry of a pattern is named, and quoted for the shell."""
    first, command = said(address="*@example.org")
    assert "(2m ago): *@example.org is suppressed (manual)" in first
    assert command == "To let it go: postduif suppress remove '*@example.org' --reason TEXT"


def test_a_quarantine_with_an_end() -> None:
    """The evidence stands where nobody gave a reason, and the end is said."""
    first, _ = said(
        standing="quarantined", cause="hard_bounce", source="dsn", reason="", evidence="550 no", until=NOW + 60
    )
    assert first.endswith(", until in 1m (08:01:00): quarantined (hard bounce), by dsn: 550 no.")


def test_one_type() -> None:
    """Who unsubscribed from one type of mail is let go for that type."""
    first, command = said(type="news", cause="unsubscribe")
    assert first.startswith("bob@example.org is refused mail of type news since")
    assert command == "To let it go: postduif suppress remove bob@example.org --type news --reason TEXT"


def test_a_hash() -> None:
    """An erased person is let go by his address; a hash is nothing that one would type."""
    assert said(address="#1:abc", cause="erased")[1].endswith("remove bob@example.org --reason TEXT")


def test_what_refuses() -> None:
    """Errors that are being counted and what has lapsed refuse nothing."""
    entries = [entry(type="news"), entry(), entry(standing="with_errors"), entry(until=NOW - 1)]
    assert refusing({"entries": entries}, NOW) == [entry(), entry(type="news")]
