"""HTML read as far as rules ask."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.checks.page import Image, Page, read, variables


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


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>{{ a }} [[b.c]] {{- d | upper }}</p><a href='{{ e }}'>", {"a", "b.c", "d", "e"}),
        ("<!-- {{ a }} --><style>{{ b }}</style>{# {{ c }} #}{% raw %}{{ d }}{% endraw %}", set()),
        ("<!--[if mso]><a href='{{ a }}'></a><![endif]-->{% if b %}{% endif %}{{ 'c' }}", set()),
    ],
)
def test_variables(html: str, shown: set[str]) -> None:
    """What is shown in texts and attributes; not what is in comments, styles and raw blocks, or for Outlook alone."""
    assert read(html).variables == shown


def test_variables_of_a_text() -> None:
    """A text has no tags, so whatever is shown counts."""
    assert variables("{{ a }} <!-- [[b]] {# {{ c }} #} {% if d %}x{% endif %}") == {"a", "b"}


@pytest.mark.parametrize("piece", ["<a ", "<!", "</", "<!--", "<a b='", "&a", "<![CDATA[", "<script>", "{{"])
def test_time_grows_with_the_length_alone(piece: str) -> None:
    """A megabyte of what is never closed is read at once."""
    began = time.thread_time()
    read(piece * (100_000 // len(piece)))
    assert time.thread_time() - began < 2


def test_a_page_of_too_many_pieces_is_empty() -> None:
    """That it is too large is said where it is composed."""
    assert read("<p>" * 100_001) == Page()


@given(st.text(alphabet="<>/!-&;='\"[]{}? abimgsrcdocstyle\n\0é", max_size=80))
def test_it_never_fails(html: str) -> None:
    """Whatever somebody wrote is read."""
    read(html)
