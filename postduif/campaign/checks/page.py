"""What a template is made of, as far as rules ask: elements, images, variables, what is not written as it should be.

Template expressions are no markup here, and what stands in comments is not there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple

from postduif.campaign.content.expressions import Kind
from postduif.campaign.content.markup import Page as Markup
from postduif.campaign.content.markup import Tag, Text
from postduif.campaign.content.source import Source
from postduif.errors import TemplateError

_RAW_AMPERSAND = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31})(?![A-Za-z0-9;])")
_VARIABLE = re.compile(r"(?:\{\{[+-]?|\[\[)\s*([^\W\d_]\w*(?:\.\w+)*)")


class Image(NamedTuple):
    """An `img`."""

    source: str
    alt: str | None
    """None: there is no such attribute."""


class Page(NamedTuple):
    """A page that was read."""

    tags: frozenset[str] = frozenset()
    """Names of elements, lower case."""
    images: tuple[Image, ...] = ()
    refresh: bool = False
    """A `meta` leads somewhere else."""
    ambiguous: tuple[str, ...] = ()
    """Addresses in which an ampersand begins what may be read as a character: `?a=1&copy=2`."""
    variables: frozenset[str] = frozenset()
    """Those that it shows, in a text or an attribute."""


@lru_cache(maxsize=4)
def read(html: str) -> Page:
    """Read a template of HTML, in a time that grows with its length alone. What is no HTML is text.

    A page with too many pieces is empty here: it cannot be composed, which another rule says.
    """
    try:
        markup = Markup(html)
    except TemplateError:
        return Page()
    pieces = [piece for piece in markup.pieces if not piece.outlook]
    tags = [piece for piece in pieces if isinstance(piece, Tag) and not piece.closing]
    return Page(
        frozenset(tag.name for tag in tags),
        tuple(_image(markup, tag) for tag in tags if tag.name == "img"),
        any(tag.name == "meta" and markup.value(tag, "http-equiv").lower() == "refresh" for tag in tags),
        tuple(f"&{name}" for tag in tags for name in _ambiguous(markup, tag)),
        frozenset(name for piece in pieces if _seen(piece) for name in _variables(markup, piece.start, piece.end)),
    )


def variables(text: str) -> frozenset[str]:
    """The variables that a template of plain text shows."""
    return frozenset(_variables(Source(text), 0, len(text)))


def _variables(source: Source, start: int, end: int) -> list[str]:
    shown = [source.text[one.start : one.end] for one in source.within(start, end) if one.kind is Kind.VALUE]
    return [found[1] for one in shown if (found := _VARIABLE.match(one))]


def _seen(piece: Tag | Text) -> bool:
    return not (isinstance(piece, Text) and piece.raw)


def _image(markup: Markup, tag: Tag) -> Image:
    return Image(markup.value(tag, "src"), markup.value(tag, "alt") if tag.attribute("alt") else None)


def _ambiguous(markup: Markup, tag: Tag) -> list[str]:
    """Ampersands of its address that mail programs may read as a character, though no semicolon follows."""
    href = tag.attribute("href")
    found = _RAW_AMPERSAND.findall(markup.masked, href.start, href.end) if href else []
    return [name for name in found if name in html5]  # those of HTML 4 stand there without a semicolon too
