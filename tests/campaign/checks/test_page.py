"""HTML read as far as rules ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.checks.page import Image, read


def test_elements_and_images() -> None:
    """Names of elements are lower case, and an image without alt is another thing than one with an empty alt."""
    page = read('<BODY><p>a<img src="a.gif" ALT=""><IMG src=b.gif><img alt="x"/><custom-tag></p>')
    assert page.tags == {"body", "p", "img", "custom-tag"}
    assert page.images == (Image("a.gif", ""), Image("b.gif", None), Image("", "x"))


def test_what_is_commented_out_or_quoted_is_no_element() -> None:
    """Conditional comments for Outlook are comments; text in quotes is text."""
    page = read('<!--[if mso]><table><tr><![endif]--><a title="<script>">x</a><style>p > b {}</style>')
    assert page.tags == {"a", "style"}


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("?a=1&amp;copy=2", ()),
        ("?a=1&b=2", ()),
        ("?a=1&copy=2", ("&copy",)),
        ("?a=1&copy;", ()),
        ("?a=1&copyright=2", ()),
        ("?a=1&lt=2&reg=3", ("&lt", "&reg")),
    ],
)
def test_ambiguous_ampersands(href: str, found: tuple[str, ...]) -> None:
    """An ampersand matters where a character of HTML 4 begins with it, and no semicolon ends it."""
    assert read(f'<a href="https://a.example/{href}">x</a>').ambiguous == found


@pytest.mark.parametrize(
    ("html", "leads"),
    [('<meta http-equiv="REFRESH">', True), ('<meta http-equiv="Content-Type">', False), ("<meta>", False)],
)
def test_refresh(html: str, *, leads: bool) -> None:
    """Only a meta element that leads somewhere else does."""
    assert read(html).refresh is leads


@given(st.text(alphabet="<>/!-&;='\"[]{}? abimgsrcdocstyle\n\0é", max_size=80))
def test_it_never_fails(html: str) -> None:
    """Whatever somebody wrote is read."""
    read(html)
