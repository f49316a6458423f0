"""How deep elements stand in each other, and which attributes are sure."""

from __future__ import annotations

import pytest

from postduif.campaign.content.markup import Page, Tag
from postduif.campaign.content.nesting import certain, nesting, plain


@pytest.mark.parametrize(
    ("source", "depth", "unclosed"),
    [
        *(("", 0, 0), ("<b><i>x</i></b>", 2, 0), ("<b>" * 50, 50, 50), ("<br><img>", 0, 0)),
        *(("<p>a<p>b<p>c", 1, 0), ("<ul>" + "<li>a" * 9 + "</ul>", 2, 0), ("<b><i></b></i>", 2, 1)),
        *(("</b></b>", 0, 0), ("<table><tr><td>a<td>b<tr><td>c</table>", 3, 0), ("<dl><dt>a<dd>b<dt>c</dl>", 2, 0)),
    ],
)
def test_nesting(source: str, depth: int, unclosed: int) -> None:
    """Depth is the most elements that are open at a time; those that the next of their kind ends do not add up."""
    assert nesting(Page(source)) == (depth, unclosed)


def names(source: str) -> list[str]:
    """The certain attributes of the first tag."""
    page = Page(source)
    tag = page.pieces[0]
    assert isinstance(tag, Tag)
    return [one.name for one in certain(page, tag)]


def test_certain() -> None:
    """Attributes in a condition, and those with an expression in their name, are not certain."""
    assert names('<a b="{{ x }}" {% if y %}c="1" d{% endif %} {{ e }} f=2>') == ["b", "f"]
    assert names("<a{% if y %} b=1{% endif %} c=2>") == ["c"]
    assert names('<a {% if y %}b="1"{% else %}b="2"{% endif %}>') == []


def test_plain() -> None:
    """A tag's name is what stands before an expression."""
    assert plain("td") == "td"
    assert plain("td\uf8ff\uf8ff") == "td"
    assert plain("\uf8ff") == "x"
