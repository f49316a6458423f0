"""HTML read as tags and texts with their places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.content import markup
from postduif.campaign.content.markup import Page, Tag, Text
from postduif.errors import TemplateError

PIECES = [
    *(
        "<a href='{{ u }}'>",
        '<a href="x">',
        "</a>",
        "<b",
        ">",
        "<",
        "</",
        "<!--",
        "-->",
        "<!--[if mso]>",
        "<![endif]-->",
    ),
    *(
        "<style>",
        "</style>",
        "<title>",
        "<p class=x>",
        "<br/>",
        "'",
        '"',
        "=",
        "{{ a > b }}",
        "{% if x %}",
        "{% endif %}",
    ),
    *("text", " ", "\n", "&amp;", "<!doctype html>", "<td {% if x %}a=b{% endif %}>", "\0", "é", "/"),
]
PAGES = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


def shown(source: str) -> list[str]:
    """The tags of a source, as `name attribute=value`, and its texts in quotes."""
    page = Page(source)
    return [
        repr(source[piece.start : piece.end])
        if isinstance(piece, Text)
        else " ".join(
            [
                "/" * piece.closing + piece.name,
                *(f"{one.name}={source[one.start : one.end]}" for one in piece.attributes),
            ]
        )
        for piece in page.pieces
    ]


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ("<P CLASS=a id='b' x>t</P>", ["p class=a id=b x=", "'t'", "/p"]),
        ("<a href=>x", ["a href=", "'x'"]),
        ("<a href = x/y/>", ["a href=x/y/"]),
        ("<br/><br />", ["br", "br"]),
        ("<a b='>'>", ["a b=>"]),
        ("<a b='x\">", []),
        ("a < b <3", ["'a <'", "' b <'", "'3'"]),
        ("<!-- <a> -->b", ["'b'"]),
        ("<!-- <a>", []),
        ("<!doctype html><?x?></>a", ["'a'"]),
        ("<style>a > b <c></style><d>", ["style", "'a > b <c>'", "/style", "d"]),
        ("<title>x", ["title", "'x'"]),
        ("<a {{ b > c }}>", ["a \uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff\uf8ff="]),
        ('<a href="{{ x | default("a>b") }}">', ['a href={{ x | default("a>b") }}']),
        ("<a\nb\t=\n'c'>", ["a b=c"]),
    ],
)
def test_pieces(source: str, pieces: list[str]) -> None:
    """Tags and texts are what a browser takes for them, with expressions left whole."""
    assert shown(source) == pieces


def test_outlook() -> None:
    """What is for Outlook alone is read and marked; what is for all others is ordinary."""
    page = Page("<!--[if mso]><v:rect href='x'><![endif]--><!--[if !mso]><!--><a><!--<![endif]-->")
    assert [(tag.name, tag.outlook) for tag in page.pieces if isinstance(tag, Tag)] == [("v:rect", True), ("a", False)]


def test_value() -> None:
    """An attribute's value is decoded, and the first of a name counts."""
    page = Page("<a href='a&amp;b' href=c>")
    tag = page.pieces[0]
    assert isinstance(tag, Tag)
    assert page.value(tag, "href") == "a&b"
    assert page.value(tag, "id") == ""


@given(st.one_of(PAGES, st.text()))
def test_any_text(source: str) -> None:
    """Whatever comes in, pieces follow each other and lie within the text, and so do their attributes."""
    at = 0
    for piece in Page(source).pieces:
        assert at <= piece.start < piece.end <= len(source)
        at = piece.end
        for one in piece.attributes if isinstance(piece, Tag) else ():
            assert piece.start < one.at <= one.start <= one.end <= piece.end


@pytest.mark.parametrize("source", ["<b>", "<b a>", "{{x}}", "a< b"])
def test_too_much(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of more pieces than may be is refused."""
    monkeypatch.setattr(markup, "MAX_PIECES", 100)
    assert Page(source * 25).pieces
    with pytest.raises(TemplateError, match="more than 100 tags"):
        Page(source * 101)
