"""A link taken apart: its fixed text, and between it what each recipient's values make of it, percent-encoded.

What values make is carried in the query of the tracked link; the fixed text stays here. So scheme and host have to be
fixed: a value may fill in what follows them, never move the link to another host.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple
from urllib.parse import quote

from postduif import address
from postduif.campaign.content.expressions import Kind, Span
from postduif.campaign.content.links import Link
from postduif.campaign.content.source import Source
from postduif.campaign.tracking.links import NAMES
from postduif.errors import AddressError
from postduif.mta.merge.filters import LINES

_HOST = re.compile(r"(https?://)([^\s/?#\\@:]+|\[[0-9A-Fa-f:.]+\])((?::[0-9]+)?(?:[/?#]|\Z))", re.IGNORECASE)
_NOT_IN_URL = str.maketrans("", "", "\t\r\n")  # browsers leave them out of an address in an attribute
_CONTROL = re.compile(r"\A.[{%][+-]|[+-][}%].\Z", re.DOTALL)
_LINES = re.compile(rf"\|\s*{LINES}\s*\Z")


class UnfitLink(Exception):  # noqa: N818  it says what is the case
    """It cannot be tracked, and why."""


class Pattern(NamedTuple):
    """`texts` is one longer than `slots`, which stand between them."""

    texts: tuple[str, ...]
    slots: tuple[str, ...]
    """Templates; each gives percent-encoded text."""


def pattern_of(source: Source, link: Link) -> Pattern:
    """Take it apart. Raises UnfitLink."""
    reading = _Reading(source, link)
    pattern = reading.pattern()
    if len(pattern.slots) > len(NAMES):
        raise UnfitLink(f"more than {len(NAMES)} variables")
    return pattern._replace(texts=(_with_host(pattern), *pattern.texts[1:]))


def _with_host(pattern: Pattern) -> str:
    """The first text, its host in ASCII."""
    first = pattern.texts[0]
    found = _HOST.match(first)
    if found is None or (pattern.slots and found.end() == len(first) and first[-1:] not in ("/", "?", "#")):
        raise UnfitLink("a host that is not fixed")
    scheme, host, rest = found.groups()
    try:
        host = host if host.isascii() else address.parse_domain(host)
    except AddressError:
        raise UnfitLink("a host that is none") from None
    return f"{scheme}{host}{rest}{first[found.end() :]}"


class _Reading:
    """One link being read."""

    def __init__(self, source: Source, link: Link) -> None:
        self._source = source
        self._link = link
        self._in_html = link.part == "html"
        self._texts = [""]
        self._slots: list[str] = []
        self._group: list[str] = []
        """A condition or loop that is open, with all that is in it."""
        self._open = 0

    def pattern(self) -> Pattern:
        at = self._link.start
        for span in self._source.within(at, self._link.end):
            self._literal(at, span.start)
            self._expression(span)
            at = span.end
        self._literal(at, self._link.end)
        if self._open:
            raise UnfitLink("a condition that goes on behind it")
        self._texts[0] = self._texts[0].lstrip()
        self._texts[-1] = self._texts[-1].rstrip()
        return Pattern(tuple(self._texts), tuple(self._slots))

    def _literal(self, start: int, end: int) -> None:
        text = self._source.text[start:end]
        if self._in_html:
            text = html.unescape(text.translate(_NOT_IN_URL))
        if self._open:
            self._group.append(quote(text, safe=""))
        else:
            self._texts[-1] += text

    def _expression(self, span: Span) -> None:
        written = self._source.text[span.start : span.end]
        if span.kind is Kind.NOTE:
            if span.word:
                raise UnfitLink("text that is marked raw")
            return
        if _CONTROL.search(written) and not written.startswith("[["):
            raise UnfitLink("an expression with - or + at its ends")
        if span.kind is Kind.VALUE:
            self._put(_encoded(written))
        else:
            self._block(span.word, written)

    def _block(self, word: str, written: str) -> None:
        if word in ("if", "for"):
            self._open += 1
        elif not self._open:
            raise UnfitLink("a condition that begins before it")
        self._group.append(written)
        if word.startswith("end"):
            self._open -= 1
            if not self._open:
                whole, self._group = "".join(self._group), []
                self._put(whole)

    def _put(self, slot: str) -> None:
        if self._open:
            self._group.append(slot)
        else:
            self._slots.append(slot)
            self._texts.append("")


def _encoded(written: str) -> str:
    """An expression that gives the same, percent-encoded."""
    inner = written[2:-2].strip()
    if _LINES.search(inner):
        raise UnfitLink("a value that keeps its lines")
    return f"{{{{ ({inner})|urlencode }}}}"
