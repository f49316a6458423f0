"""Links of HTML and of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.content.links import MAX_TEXT, Leads, leads_to, links_of_html, links_of_text
from postduif.campaign.content.markup import Page
from postduif.campaign.content.source import Source


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        *(("https://x.nl", Leads.WEB), ("HTTP://x", Leads.WEB), ("//x.nl", Leads.WEB), ("mailto:a@b", Leads.MAIL)),
        *(("tel:+31", Leads.PHONE), ("sms:1", Leads.PHONE), ("#top", Leads.ANCHOR), ("", Leads.RELATIVE)),
        *(("page.html", Leads.RELATIVE), ("{{ u }}", Leads.VARIABLE), ("[[u]]", Leads.VARIABLE)),
        *(("{% if a %}x{% endif %}", Leads.VARIABLE), ("javascript:x", Leads.OTHER), ("https://{{ u }}", Leads.WEB)),
    ],
)
def test_leads(url: str, leads: Leads) -> None:
    """The scheme says what a link leads to; an expression in its place says that nobody knows."""
    assert leads_to(url) is leads


def test_html() -> None:
    """Each link is found with its address, text, place and element."""
    html = (
        '<p>\n<a href="https://x.nl/?a=1&amp;b={{ b }}">Read <b>on</b> <img alt="now"></a>'
        "<map><area href=#a alt='One'></map><form action=/go></form><a name=x>no</a>"
        "<!--[if mso]><v:roundrect href='https://y.nl'><![endif]--><a href='mailto:a@b'>m<a href=z>q"
    )
    links = links_of_html(Page(html))
    assert [(link.url, link.text, link.tag, link.leads.value) for link in links] == [
        ("https://x.nl/?a=1&b={{ b }}", "Read on now", "a", "web"),
        ("#a", "One", "area", "anchor"),
        ("/go", "", "form", "relative"),
        ("https://y.nl", "", "v:roundrect", "web"),
        ("mailto:a@b", "m", "a", "mail"),
        ("z", "q", "a", "relative"),
    ]
    assert {link.line for link in links} == {2}
    assert html[links[0].start : links[0].end] == "https://x.nl/?a=1&amp;b={{ b }}"


def test_text() -> None:
    """In text the addresses are found that mail programs make clickable, without what stands behind them."""
    text = "See https://x.nl/a?b={{ c | default('x y') }}&d, or (http://y.nl/).\n<https://z.nl/(1)> mailto:a@b! x.nl"
    links = links_of_text(Source(text))
    assert [(link.url, link.line) for link in links] == [
        ("https://x.nl/a?b={{ c | default('x y') }}&d", 1),
        ("http://y.nl/", 1),
        ("https://z.nl/(1)", 2),
        ("mailto:a@b", 2),
    ]
    assert all(text[link.start : link.end] == link.url for link in links)


def test_text_of_a_link_is_short() -> None:
    """Of a long text the beginning is kept."""
    (link,) = links_of_html(Page(f"<a href=x>{'ab ' * 1000}</a>"))
    assert len(link.text) == MAX_TEXT


@given(st.text(alphabet="<a href='\"={{}}>/ x#&;{%\n-!"))
def test_any_html(html: str) -> None:
    """Whatever comes in, the links lie within it."""
    for link in [*links_of_html(Page(html)), *links_of_text(Source(html))]:
        assert 0 <= link.start <= link.end <= len(html)
