"""Patterns of sender addresses: what they have, and what is no pattern."""

from __future__ import annotations

import pytest

from postduif import sender_pattern
from postduif.address import parse
from postduif.errors import AddressError


@pytest.mark.parametrize(
    ("pattern", "sender", "has"),
    [
        ("news@example.org", "news@example.org", True),
        ("News@Example.ORG", "nEWS@example.org", True),
        ("news@example.org", "sales@example.org", False),
        ("news@example.org", "news@mail.example.org", False),
        ("*@example.org", "anybody@example.org", True),
        ("*@example.org", "a@mail.example.org", False),
        ("*@example.org", "a@evilexample.org", False),
        ("*@*.example.org", "a@mail.example.org", True),
        ("*@*.example.org", "a@b.mail.example.org", True),
        ("*@*.example.org", "a@example.org", False),
        ("*@*.example.org", "a@evilexample.org", False),
        ("*@bücher.example", "a@xn--bcher-kva.example", True),
        ("*@[192.0.2.1]", "a@[192.0.2.1]", True),
        ('"news"@example.org', "news@example.org", True),
        ("news@example.org", '"news@example.org"@evil.example', False),
    ],
)
def test_allows(pattern: str, sender: str, *, has: bool) -> None:
    """A pattern has its one address, its domain, or all below its domain, and nothing that only looks like it."""
    assert sender_pattern.allows([sender_pattern.read(pattern)], parse(sender)) is has
    assert sender_pattern.allows(["x@x.example", sender_pattern.read(pattern)], parse(sender)) is has


def test_no_pattern_is_any_sender() -> None:
    """Without patterns every address is allowed."""
    assert sender_pattern.allows((), parse("a@example.org"))


@pytest.mark.parametrize("pattern", ["*@example.org", "*@*.example.org", "news@example.org", "*@[192.0.2.1]"])
def test_read_gives_one_form(pattern: str) -> None:
    """What was read once reads as itself."""
    assert sender_pattern.read(sender_pattern.read(pattern)) == sender_pattern.read(pattern) == pattern


@pytest.mark.parametrize(
    "text",
    ["", "*", "example.org", "@example.org", "*@", "*@*", "news@*.example.org", "a b@example.org", "*@x y"],
)
def test_no_pattern(text: str) -> None:
    """What is no pattern is refused, not read as something wide."""
    with pytest.raises(AddressError):
        sender_pattern.read(text)
