"""Characters and words of findings."""

from __future__ import annotations

import pytest

from postduif.campaign.checks.wording import counted, has_picture, is_template, listed, troublesome, without_expressions


@pytest.mark.parametrize(
    "text", ["", "Zoë & Søn", "日本語", "नमस्ते", "Привет", "مرحبا", "a\u2019b \u20ac", "\U0001f54a\ufe0f"]
)
def test_what_people_write_is_fine(text: str) -> None:
    """Every script, and pictures, pass."""
    assert troublesome(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tb", "control character (U+0009)"),
        ("\ud800", "half a character (U+D800)"),
        ("\ue000", "private character"),
        ("\u0378", "unknown character"),
        ("\u202e", "turns the direction"),
        ("\u00ad", "nobody sees"),
    ],
)
def test_what_troubles(text: str, words: str) -> None:
    """The kind and the number of the character are said."""
    assert words in troublesome(f"before {text} after")


@pytest.mark.parametrize(("text", "is_"), [("Ann \u2705", True), ("\U0001f1f3\U0001f1f1", True), ("Ann ©™", False)])
def test_pictures(text: str, *, is_: bool) -> None:
    """Emoji and flags are pictures, signs of print are not."""
    assert has_picture(text) is is_


@pytest.mark.parametrize(
    ("text", "is_"), [("a {{ b }}", True), ("[[b]]", True), ("{% if a %}", True), ("{a} [b]", False)]
)
def test_templates(text: str, *, is_: bool) -> None:
    """Both ways to write a variable, and conditions."""
    assert is_template(text) is is_


def test_what_is_the_same_for_each() -> None:
    """Expressions of every kind are taken out; what only looks like one stays."""
    assert without_expressions("a {{ '}}' }}b[[c]]{% if d %}e{% endif %}{f} [[1]]") == "a be{f} [[1]]"


def test_lists_and_numbers() -> None:
    """A long list is cut, and one thing is one."""
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert counted(1, "link", "links") == "1 link"
    assert counted(1200, "link", "links") == "1,200 links"
