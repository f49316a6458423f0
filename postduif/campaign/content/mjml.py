"""MJML made HTML by MRML (the Rust implementation, offline). Template expressions come out as they went in.

They are hidden from MRML: between elements as comments, elsewhere as words. Afterwards each must be there again, what
stands between elements once and in order; if one is not, the place and the reason are said. MRML ends the program when
elements are too deep in each other and says little of what is wrong, so both are looked at before.
"""

from __future__ import annotations

import difflib
import re

import mjml as mrml

from postduif.campaign.content.expressions import MASK, Kind, Span, replaced
from postduif.campaign.content.markup import VOID, Page, Tag, Text
from postduif.campaign.content.nesting import MAX_DEPTH
from postduif.errors import TemplateError

ELEMENTS = frozenset(
    [
        "mjml",
        "mj-head",
        "mj-body",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-font",
        "mj-preview",
        "mj-style",
        "mj-title",
        "mj-raw",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-title",
        "mj-accordion-text",
        "mj-button",
        "mj-carousel",
        "mj-carousel-image",
        "mj-column",
        "mj-divider",
        "mj-group",
        "mj-hero",
        "mj-image",
        "mj-navbar",
        "mj-navbar-link",
        "mj-section",
        "mj-social",
        "mj-social-element",
        "mj-spacer",
        "mj-table",
        "mj-text",
        "mj-wrapper",
        "mj-html-attributes",
        "mj-selector",
        "mj-html-attribute",
    ]
)
"""All of MJML 4 but mj-include: there are no files here to include."""

_WORDS_ONLY = ("mj-preview",)  # besides raw text: what is there goes into attributes too
_WORD = "postduif{}expression"
_HIDDEN = re.compile(r"<!--postduif(\d+)expression-->|postduif(\d+)expression")
_POSITION = re.compile(r"\s*(?:in root template)?\s*(?:at position (\d+):(\d+))?$")
_INLINE = re.compile(r"<mj-style[^>]*\binline=", re.IGNORECASE)


def html_of(source: str) -> str:
    """The HTML. Raises TemplateError that says the line."""
    page = Page(source)
    _check(page)
    places = _Places(page)
    hidden = replaced(source, page.spans, places.hidden)
    try:
        made = mrml.mjml2html(hidden, fonts={})
    except ValueError as error:
        raise TemplateError(_said(str(error), hidden)) from None
    return _shown(made, page, places.between)


def inlines(source: str) -> bool:
    """It has a style that is to be inlined; MRML leaves that to us."""
    return bool(_INLINE.search(source))


def _check(page: Page) -> None:
    opened: list[Tag] = []
    for tag in page.pieces:
        line = page.line(tag.start)
        if isinstance(tag, Text):
            if not tag.raw and page.masked.endswith("<", tag.start, tag.end):
                raise TemplateError(f"mjml, line {page.line(tag.end - 1)}: a < that begins no element; write &lt;")
            continue
        if tag.outlook:
            continue
        if bare := next((one for one in tag.attributes if one.end > one.start and not one.quote), None):
            raise TemplateError(f"mjml, line {line}: write quotes around the value of {bare.name}")
        if tag.name.startswith("mj") and tag.name not in ELEMENTS:
            near = difflib.get_close_matches(tag.name, ELEMENTS, 1)
            remedy = f"did you mean {near[0]}?" if near else "docs/content.md says which there are"
            raise TemplateError(f"mjml, line {line}: {tag.name} is no element that can be used; {remedy}")
        if tag.closing:
            if not opened or opened[-1].name != tag.name:
                missing = (
                    f"{opened[-1].name} of line {page.line(opened[-1].start)} is open" if opened else "none is open"
                )
                raise TemplateError(f"mjml, line {line}: </{tag.name}>, but {missing}; close each element in its turn")
            opened.pop()
        elif tag.name not in VOID and not page.masked.endswith("/>", tag.start, tag.end):
            opened.append(tag)
        if len(opened) > MAX_DEPTH:
            raise TemplateError(f"mjml, line {line}: elements in each other more than {MAX_DEPTH} deep")
    if opened:
        line = page.line(opened[-1].start)
        raise TemplateError(f"mjml, line {line}: {opened[-1].name} is not closed; write </{opened[-1].name}>")


class _Places:
    """Where the expressions begin that cannot be a mere word."""

    def __init__(self, page: Page) -> None:
        self.between: set[int] = set()
        """Between elements."""
        self.among: set[int] = set()
        """Among the attributes of an element."""
        within = ""
        for piece in page.pieces:
            if isinstance(piece, Tag):
                within = "" if piece.closing else piece.name
                names = [(one.at, one.at + len(one.name)) for one in piece.attributes if MASK in one.name]
                self.among |= {span.start for name in names for span in page.within(*name)}
            elif not piece.raw and not piece.outlook and within not in _WORDS_ONLY:
                self.between |= {span.start for span in page.within(piece.start, piece.end)}

    def hidden(self, span: Span) -> str:
        """What MRML gets for an expression."""
        word = _WORD.format(span.start)
        if span.start in self.between:
            return f"<!--{word}-->"
        return f" {word} " if span.start in self.among else word


def _shown(made: str, page: Page, between: set[int]) -> str:
    at = {span.start: page.text[span.start : span.end] for span in page.spans}
    order: list[int] = []
    seen: set[int] = set()

    def back(match: re.Match[str]) -> str:
        start = int(match[1] or match[2])
        seen.add(start)
        if match[1]:
            order.append(start)
        return at.get(start, match[0])

    html = _HIDDEN.sub(back, made)
    if lost := [span.start for span in page.spans if span.start not in seen and span.kind is not Kind.NOTE]:
        line, text = page.line(lost[0]), at[lost[0]][:60]
        raise TemplateError(
            f"mjml, line {line}: {text} would not be in the message; MJML calculates with that attribute, or does not"
            " use it: write a fixed value there"
        )
    if order != sorted(between):
        raise TemplateError("mjml: conditions or values would change places; put them in mj-raw elements")
    return html


def _said(error: str, hidden: str) -> str:
    """MRML's error in one line, with the line of the source where it says a position."""
    match = _POSITION.search(error)
    said = error[: match.start()] if match else error
    if match and match[1]:
        octets, start, end = hidden.encode(), int(match[1]), int(match[2])
        line = octets[:start].count(b"\n") + 1
        return f"mjml, line {line}: {said}: {octets[start:end][:40].decode(errors='replace')}"
    return f"mjml: {said}"
