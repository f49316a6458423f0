"""Every language has all words, and whatever is filled in is escaped."""

from __future__ import annotations

import pytest

from postduif.campaign.public.rendering import DEFAULT, html, languages


@pytest.mark.parametrize("code", sorted(languages()))
def test_words(code: str) -> None:
    """Each language has the words of English, with the same places to fill in."""
    ours, theirs = languages()[code]._words, languages()[DEFAULT]._words
    assert ours.keys() == theirs.keys()
    for name, text in theirs.items():
        assert ours[name].count("{") == text.count("{"), name
    assert ours["lang"] == code


def test_escaped() -> None:
    """Titles and names of others are text on our pages, not markup; braces in them stay braces."""
    words = languages()[DEFAULT]
    bad = '<script>"{title}"</script>'
    page = html("ask.html", words, title=bad, sender=bad, name=bad, token="T")
    assert "<script" not in page
    assert words("ask_type", title="{sender}") == "No more {sender}?"
