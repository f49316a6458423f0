"""Conditions in plain words."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.words import said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'country = "NL" and (age >= 18 or "vip" in tags) and not bounced',
            'country is "NL" and (age is at least 18 or "vip" is in tags) and it is not so that their mail comes back',
        ),
        ("born < today - 1y + 3d", "born is before 3 days after 1 year before today"),
        ("created >= 2026-01-31", "created is on or after 2026-01-31"),
        ("month(born) = month(today)", "the month of born is the month of today"),
        ("not (a or b)", "it is not so that (a is yes or b is yes)"),
        (
            "any orders(total > 100 and paid)",
            "there is one of their orders of which (total is more than 100 and paid is yes)",
        ),
        ("any orders", "there is one of their orders"),
        (
            '"news" in subscriptions or "A" in projects',
            'they get mail of the type "news" or they are in the project "A"',
        ),
        ("name is empty", "name is not known"),
        ("vip = false", "vip is no"),
        ('country in ("NL", "BE")', 'country is one of "NL", "BE"'),
    ],
)
def test_said(text: str, words: str) -> None:
    """Each form of a condition can be said, with brackets where it could be read in two ways."""
    assert said(read(text)) == words
