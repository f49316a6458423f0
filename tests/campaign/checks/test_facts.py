"""What the rules look at."""

from __future__ import annotations

import pytest

from postduif.campaign.checks.facts import Facts


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("news@News.Example.COM", "news.example.com"),
        ("nieuws@b\u00fccher.example", "xn--bcher-kva.example"),
        ("news", ""),
        ("news@", ""),
        ("news@exa mple.com", ""),
        ("{{ owner.email }}", ""),
        ("", ""),
    ],
)
def test_domain(sender: str, domain: str) -> None:
    """DNS is asked about the domain in ASCII, and about none where the sender is no address."""
    assert Facts(0.0, sender=sender).domain == domain
