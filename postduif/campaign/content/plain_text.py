"""The text part of a mailing, made of its HTML: paragraphs, headings, lists, tables, and links with their address.

Template expressions go along; a condition or a loop in the HTML is one in the text. What is hidden (a preheader,
styles, scripts, what is for Outlook alone) is left out. Lines are not broken: values have any length, and mail programs
break lines themselves. Any HTML makes a text; time and size grow with its length alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

from postduif.campaign.content.expressions import Kind, Span, balanced
from postduif.campaign.content.flow import Flow, Owed
from postduif.campaign.content.links import Leads, leads_to
from postduif.campaign.content.markup import VOID, Attribute, Page, Tag, Text

MAX_INDENT = 16
"""Blanks before a line of a list in a list."""
MAX_UNDERLINE = 60

_OWES = {
    **dict.fromkeys(
        [
            "p",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "ul",
            "ol",
            "dl",
            "blockquote",
            "pre",
            "table",
            "center",
            "hr",
            "address",
            "figure",
            "form",
        ],
        4,
    ),
    **dict.fromkeys(
        [
            "div",
            "li",
            "dt",
            "dd",
            "tr",
            "section",
            "article",
            "header",
            "footer",
            "main",
            "nav",
            "aside",
            "body",
            "caption",
            "legend",
        ],
        3,
    ),
    **dict.fromkeys(["td", "th"], 2),
}
_UNSEEN = frozenset(
    ["script", "style", "title", "template", "object", "svg", "math", "iframe", "select", "textarea", "audio", "video"]
)
_HIDING = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_UNDERLINES = {"h1": "=", "h2": "-"}
_UNSHOWN_LINKS = (Leads.ANCHOR, Leads.RELATIVE)
_SCRIPTS = re.compile(r"\s*(?:javascript|data|vbscript):", re.IGNORECASE)
_SCHEME = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_INVISIBLE = "\u00ad\u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\[\[.*?\]\]")
_CONTROL = re.compile(r"\A(\{[{%])[+-]|[+-]([}%]\})\Z")


def text_of(page: Page) -> str:
    """The text; "" where nothing is to be read."""
    return _Reader(page).read()


class _List:
    """A list that is open."""

    def __init__(self, page: Page, tag: Tag, blocks: int) -> None:
        start = page.value(tag, "start").strip()
        self.number = int(start) if start.isdecimal() and len(start) < 6 else 1
        self.ordered = tag.name == "ol"
        self.blocks = blocks

    def marker(self, blocks: int) -> str:
        """Of the next item. Once there was a condition or loop in the list nobody knows its number."""
        if not self.ordered or blocks != self.blocks:
            return "- "
        self.number += 1
        return f"{self.number - 1}. "


class _Opened(NamedTuple):
    """A link or heading that is open."""

    tag: Tag
    mark: int


class _Reader:
    """One page being read."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._flow = Flow()
        self._hidden = ""  # the element that hides
        self._hidden_depth = 0
        self._unseen: list[Span] = []  # conditions and loops within it
        self._lists: list[_List] = []
        self._blocks = 0
        self._link: _Opened | None = None
        self._heading: _Opened | None = None
        self._preformatted = False

    def read(self) -> str:
        for piece in self._page.pieces:
            if piece.outlook:
                continue
            if self._hidden and not self._shows_again(piece):
                self._unseen += self._page.within(piece.start, piece.end)
            elif isinstance(piece, Tag):
                self._tag(piece)
            elif piece.raw:
                self._keep(self._page.within(piece.start, piece.end))
            else:
                self._text(piece.start, piece.end)
        self._keep(self._unseen)
        self._end_link()
        return self._flow.whole()

    def _shows_again(self, piece: Tag | Text) -> bool:
        """What was hidden ends before this piece."""
        if not isinstance(piece, Tag) or piece.name != self._hidden:
            return False
        self._hidden_depth += -1 if piece.closing else 1
        if self._hidden_depth and self._hidden != "p":
            return False
        self._hidden = ""
        unseen, self._unseen = self._unseen, []
        self._keep(unseen)
        return True

    def _keep(self, spans: Sequence[Span]) -> None:
        """The conditions and loops of what is not shown, where they reach into what is."""
        blocks = [span for span in spans if span.kind is Kind.BLOCK]
        if not balanced([span.word for span in blocks]):
            for span in blocks:
                self._expression(span)

    def _tag(self, tag: Tag) -> None:
        page = self._page
        if not tag.closing and tag.name not in VOID and self._hides(tag):
            self._hidden, self._hidden_depth = tag.name, 1
            self._unseen += page.within(tag.start, tag.end)
            return
        if tag.name == "a":
            self._end_link(implied=not tag.closing)
        if tag.closing and tag.name in _UNDERLINES and self._heading:
            self._underline(self._heading)
            self._heading = None
        self._owe(tag)
        self._keep(page.within(tag.start, tag.end))
        if tag.closing:
            self._closed(tag)
        else:
            self._opened(tag)

    def _owe(self, tag: Tag) -> None:
        if tag.name in ("ul", "ol") and len(self._lists) > tag.closing:  # a list in a list
            self._flow.owe(Owed.LINE)
        elif not (tag.closing and tag.name in ("td", "th")):
            self._flow.owe(Owed(_OWES.get(tag.name, 0)))

    def _hides(self, tag: Tag) -> bool:
        if tag.name in _UNSEEN or tag.attribute("hidden"):
            return True
        return bool(_HIDING.search(self._page.value(tag, "style")))

    def _opened(self, tag: Tag) -> None:
        flow = self._flow
        if tag.name == "br":
            flow.line_break()
        elif tag.name == "hr":
            flow.text("-" * 20)
            flow.owe(Owed.PARAGRAPH)
        elif tag.name == "img":
            if alt := tag.attribute("alt"):
                self._inline(alt, " ")
        elif tag.name == "a":
            self._link = _Opened(tag, flow.mark())
        elif tag.name in _UNDERLINES:
            self._heading = _Opened(tag, flow.mark())
        elif tag.name in ("ul", "ol"):
            self._lists.append(_List(self._page, tag, self._blocks))
        elif tag.name == "li":
            self._indent(max(len(self._lists) - 1, 0))
            flow.marker = self._lists[-1].marker(self._blocks) if self._lists else "- "
        elif tag.name == "pre":
            self._preformatted = True

    def _closed(self, tag: Tag) -> None:
        if tag.name == "li":
            self._flow.marker = ""
        elif tag.name in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._indent(len(self._lists))
            self._flow.marker = ""
        elif tag.name == "pre":
            self._preformatted = False

    def _indent(self, lists: int) -> None:
        self._flow.indent = min(2 * lists, MAX_INDENT)

    def _underline(self, heading: _Opened) -> None:
        lines = _EXPRESSION.sub("expression", self._flow.since(heading.mark)).splitlines()
        if lines:
            self._flow.owe(Owed.LINE)
            self._flow.text(_UNDERLINES[heading.tag.name] * min(max(len(lines[-1]), 3), MAX_UNDERLINE))

    def _end_link(self, *, implied: bool = False) -> None:
        """Behind a link's text comes its address, as RFC 3986 appendix C would have it."""
        opened, self._link = self._link, None
        where = opened.tag.attribute("href") if opened else None
        if opened is None or where is None:
            return
        url = self._page.decoded(where.start, where.end).strip()
        text = self._flow.since(opened.mark)
        same = _SCHEME.sub("", url, count=1).rstrip("/") == _SCHEME.sub("", text, count=1).rstrip("/")
        if same or (implied and not text) or leads_to(url) in _UNSHOWN_LINKS or _SCRIPTS.match(url):
            return
        self._flow.owe(Owed.BLANK)
        self._flow.text("<")
        self._inline(where, "")
        self._flow.text(">")
        if implied:
            self._flow.owe(Owed.BLANK)

    def _inline(self, where: Attribute, blank: str) -> None:
        """An attribute's value on one line."""
        if not self._page.masked[where.start : where.end].strip():
            return
        at = where.start
        for span in [*self._page.within(where.start, where.end), None]:
            words = html.unescape(self._page.text[at : span.start if span else where.end])
            if words:
                self._flow.text(blank.join(words.split()) if not blank else " ".join(re.split(r"\s+", words)))
            if span and span.kind is not Kind.NOTE:
                self._flow.value(self._page.text[span.start : span.end])
            at = span.end if span else where.end

    def _text(self, start: int, end: int) -> None:
        at = start
        for span in self._page.within(start, end):
            self._words(at, span.start)
            self._expression(span)
            at = span.end
        self._words(at, end)

    def _words(self, start: int, end: int) -> None:
        chunk = html.unescape(self._page.text[start:end])
        if self._preformatted:
            for number, line in enumerate(chunk.split("\n")):
                if number:
                    self._flow.line_break()
                if line.strip():
                    self._flow.text(line.rstrip())
            return
        words = [word for word in chunk.split() if word.strip(_INVISIBLE)]
        if chunk[:1].isspace():
            self._flow.owe(Owed.BLANK)
        if words:
            self._flow.text(" ".join(words))
            if chunk[-1:].isspace():
                self._flow.owe(Owed.BLANK)

    def _expression(self, span: Span) -> None:
        """Blanks are the flow's affair, so `-` in an expression is left out."""
        written = _CONTROL.sub(r"\1\2", self._page.text[span.start : span.end])
        if span.kind is Kind.VALUE:
            self._flow.value(written)
        elif span.kind is Kind.BLOCK:
            self._blocks += 1
            self._flow.block(span.word, written)
