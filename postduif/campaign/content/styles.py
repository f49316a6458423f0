"""CSS inlining: what the rules of the style elements say of an element is written into its style attribute.

css-inline decides which rules meet which elements, on a copy without template expressions; of what it makes only the
declarations are taken. They are written in front of what the style attribute holds already, so that its own win as
they do in a browser, and nothing else of the page changes by an octet. The style elements stay: programs that read
them need their hover and media rules.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

import css_inline

from postduif.campaign.content.expressions import MASK, Kind, replaced
from postduif.campaign.content.markup import Attribute, Page, Tag, Text
from postduif.campaign.content.nesting import MAX_DEPTH, certain, nesting, plain
from postduif.errors import TemplateError

MAX_WORK = 5_000_000
"""Rules times elements: half a second of matching."""
MAX_MADE = 100_000_000
"""Characters of CSS times elements: what every element could be told by every rule."""
MAX_UNCLOSED = 20
"""Elements that are never closed: a reader of HTML opens each of them again in every paragraph that follows."""

_MARK = "data-postduif-number"
_WORD = "\ue000{}\ue001"  # a CSS identifier that nobody writes
_WORDED = re.compile("\ue000[0-9]+\ue001")
_WORDS = re.compile(r"\S+")
_ATTRIBUTE_NAME = re.compile(r"[a-z_:][a-z0-9_:.-]*")
_SCREENS = ("", "all", "screen")
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_link_tags=True)


class Inlined(NamedTuple):
    """The page with styles in its elements, and what could not be done."""

    html: str
    warnings: tuple[str, ...]


def inlined(source: str) -> Inlined:
    """The HTML with its CSS inlined. Raises TemplateError."""
    page = Page(source)
    warnings: list[str] = []
    copy = _Copy(page, warnings)
    if not copy.rules:
        return Inlined(source, tuple(warnings))
    nested = nesting(page)
    too_much = copy.rules * copy.elements > MAX_WORK or copy.size * copy.elements > MAX_MADE
    if too_much or nested.depth > MAX_DEPTH or nested.unclosed > MAX_UNCLOSED:
        raise TemplateError(
            f"html: CSS inlining takes elements in each other up to {MAX_DEPTH} deep, {MAX_UNCLOSED} that are not"
            f" closed, {MAX_WORK:,} rules times elements and {MAX_MADE:,} characters of CSS times elements; write it"
            " simpler, or turn CSS inlining off"
        )
    try:
        made = _INLINER.inline(copy.html)
    except css_inline.InlineError as error:
        raise TemplateError(f"html: the CSS cannot be inlined: {error}; mend it, or turn CSS inlining off") from None
    return Inlined(_written(page, _declarations(made), warnings), tuple(warnings))


class _Copy:
    """The page for css-inline: numbered tags with what rules can ask for, and the style elements without conditions."""

    def __init__(self, page: Page, warnings: list[str]) -> None:
        self._page = page
        self._warnings = warnings
        self.rules = 0
        self.size = 0
        self.elements = 0
        shown: list[str] = []
        style = False
        for number, piece in enumerate(page.pieces):
            if piece.outlook:
                continue
            if isinstance(piece, Text):
                shown.append(self._style(piece) if style else "" if piece.raw or self._blank(piece) else "x")
            elif piece.name == "style":
                style = not piece.closing and page.value(piece, "media").strip().lower() in _SCREENS
            elif piece.closing:
                shown.append(f"</{plain(piece.name)}>")
            else:
                self.elements += 1
                shown.append(self._start(number, piece))
        self.html = f"<!DOCTYPE html>{''.join(shown)}"

    def _blank(self, piece: Text) -> bool:
        """Nothing is seen of it, so that `:empty` means what it says."""
        if self._page.masked[piece.start : piece.end].replace(MASK, "").strip():
            return False
        return all(span.kind is not Kind.VALUE for span in self._page.within(piece.start, piece.end))

    def _style(self, piece: Text) -> str:
        found = self._page.within(piece.start, piece.end)
        if any(span.kind is Kind.BLOCK for span in found):
            line = self._page.line(piece.start)
            self._warnings.append(f"html, line {line}: a style that holds conditions stays as it is and is not inlined")
            return ""
        here = [span._replace(start=span.start - piece.start, end=span.end - piece.start) for span in found]
        words = {one.start: _WORD.format(span.start) for one, span in zip(here, found, strict=True)}
        css = replaced(
            self._page.text[piece.start : piece.end],
            here,
            lambda one: words[one.start] if one.kind is Kind.VALUE else "",
        )
        self.rules += css.count("{") + css.count(",")
        self.size += len(css)
        return f"<style>{css}</style>"

    def _start(self, number: int, tag: Tag) -> str:
        page = self._page
        shown = [f'<{plain(tag.name)} {_MARK}="{number}"']
        for one in certain(page, tag):
            value = _classes(page, one) if one.name == "class" else _fixed(page, one)
            if value is not None and one.name != "style" and _ATTRIBUTE_NAME.fullmatch(one.name):
                shown.append(f'{one.name}="{html.escape(value)}"')
        return f"{' '.join(shown)}>"


def _fixed(page: Page, one: Attribute) -> str | None:
    """A value that is the same for all; else None."""
    return None if page.within(one.start, one.end) else page.decoded(one.start, one.end)


def _classes(page: Page, one: Attribute) -> str:
    """The classes that an element has for all."""
    blocks = [span for span in page.within(one.start, one.end) if span.kind is Kind.BLOCK]
    first, last = (blocks[0].start, blocks[-1].end) if blocks else (one.end, one.end)
    words = [word.span() for word in _WORDS.finditer(page.masked, one.start, one.end)]
    sure = [(start, end) for start, end in words if not first <= start < last and MASK not in page.masked[start:end]]
    return " ".join([page.decoded(start, end) for start, end in sure])


def _declarations(made: str) -> dict[int, str]:
    """Number of a tag -> what css-inline would have it declare."""
    page = Page(made)
    found: dict[int, str] = {}
    for tag in page.pieces:
        if isinstance(tag, Tag) and (number := page.value(tag, _MARK)) and (style := page.value(tag, "style")):
            found.setdefault(int(number), style.strip().rstrip("; "))
    return found


def _written(page: Page, declarations: dict[int, str], warnings: list[str]) -> str:
    """The page with the declarations in it."""
    values = {_WORD.format(span.start): page.text[span.start : span.end] for span in page.spans}
    pieces, at = [], 0
    for number, declared in sorted(declarations.items()):
        tag = page.pieces[number]
        assert isinstance(tag, Tag)
        css = _WORDED.sub(lambda match: values.get(match[0], match[0]), html.escape(declared))
        there = next((one for one in certain(page, tag) if one.name == "style"), None)
        if there is None and any(one.name.endswith("style") for one in tag.attributes):
            warnings.append(
                f"html, line {page.line(tag.start)}: a style attribute within a condition; nothing is inlined"
            )
            continue
        if there is None:
            start, end, new = tag.name_end, tag.name_end, f' style="{css}"'
        else:
            start, end, new = _joined(page, there, css)
        pieces += [page.text[at:start], new]
        at = end
    return "".join([*pieces, page.text[at:]])


def _joined(page: Page, there: Attribute, css: str) -> tuple[int, int, str]:
    """From where to where, and what: the style attribute with the CSS in front of what it holds."""
    own = page.text[there.start : there.end]
    if there.quote:
        return there.start, there.start, f"{css}; " if own.strip() else css
    quote = "'" if '"' in page.masked[there.start : there.end] else '"'
    value = f"{css}; {own}" if own else css
    return there.at + len("style"), there.end, f"={quote}{value}{quote}"
