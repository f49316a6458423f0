"""What HTML is made of, as far as the rules ask: its elements, its images, what is not written as it should be."""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5
from html.parser import HTMLParser
from typing import NamedTuple

_RAW_AMPERSAND = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31})(?![A-Za-z0-9;])")


class Image(NamedTuple):
    """An `img`."""

    source: str
    alt: str | None
    """None: there is no such attribute."""


class Page(NamedTuple):
    """A page that was read."""

    tags: frozenset[str]
    """Names of elements, lower case."""
    images: tuple[Image, ...]
    refresh: bool
    """A `meta` leads somewhere else."""
    ambiguous: tuple[str, ...]
    """Addresses in which an ampersand begins what may be read as a character: `?a=1&copy=2`."""


@lru_cache(maxsize=4)
def read(html: str) -> Page:
    """Read a template of HTML. Never fails: what is no HTML is text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(frozenset(reader.tags), tuple(reader.images), reader.refresh, tuple(reader.ambiguous))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.images: list[Image] = []
        self.refresh = False
        self.ambiguous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = dict(attrs)
        if tag == "img":
            self.images.append(Image(named.get("src") or "", (named.get("alt") or "") if "alt" in named else None))
        self.refresh |= tag == "meta" and (named.get("http-equiv") or "").lower() == "refresh"
        if "href" in named and (said := self.get_starttag_text()):
            self.ambiguous += [f"&{name}" for name in _RAW_AMPERSAND.findall(said) if _begins_character(name)]


def _begins_character(name: str) -> bool:
    """Mail programs may read it as a character, though no semicolon follows (those of HTML 4)."""
    return name in html5
