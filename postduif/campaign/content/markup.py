"""HTML as a row of tags, texts and comments, with the place of each. What is written is never changed here.

It reads what any browser would take for a tag (the tokeniser of the HTML standard, without its states for scripts), in
one pass over masked text (`expressions`), so that an expression is never taken for markup. Nothing is too odd: what is
not closed goes on to the end. MJML is read the same way.

Outlook's conditional comments are read too, and their tags marked `outlook`: people click on what is in them.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from postduif.campaign.content.source import Source
from postduif.errors import TemplateError

MAX_PIECES = 100_000
"""Tags, attributes, texts and expressions of one page. A long newsletter has 10,000."""

_NAME = re.compile(r"[A-Za-z][^\s/>]*+")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>=][^\s/>=]*+|=[^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)|(?=>)))?"""
)
_EQUALS = re.compile(r"\s*+=")
_END = re.compile(r"[\s/]*+>")
_RAW_TEXT = ("style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "mj-style", "mj-title")
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}
_HIDDEN_CONDITION = re.compile(r"<!--\[if[^\]]*+\]>")

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param"}
)
"""Elements without an end tag."""


class Attribute(NamedTuple):
    """One attribute; the value as written is `source[start:end]`, without quotes."""

    name: str
    """In lower case."""
    start: int
    end: int
    at: int
    """Where its name begins."""
    quote: str
    """Around the value; "" for none."""


class Tag(NamedTuple):
    """A start or end tag, `source[start:end]`."""

    name: str
    """In lower case."""
    closing: bool
    attributes: tuple[Attribute, ...]
    start: int
    end: int
    name_end: int
    outlook: bool

    def attribute(self, name: str) -> Attribute | None:
        """The first of that name: the one that counts."""
        return next((one for one in self.attributes if one.name == name), None)


class Text(NamedTuple):
    """What stands between tags, or in a style or title element."""

    start: int
    end: int
    outlook: bool
    raw: bool = False
    """It is the content of such an element, where no tags are."""


class Page(Source):
    """HTML or MJML, and where everything in it stands."""

    def __init__(self, text: str) -> None:
        """Raises TemplateError for more than MAX_PIECES."""
        super().__init__(text)
        self.pieces: list[Tag | Text] = []
        _within_limit(count := len(self.spans))
        for piece in _read(self.masked, 0, len(text), outlook=False):
            self.pieces.append(piece)
            count += 1 if isinstance(piece, Text) else 1 + len(piece.attributes)
            _within_limit(count)

    def value(self, tag: Tag, name: str) -> str:
        """An attribute's value, decoded; "" without one."""
        found = tag.attribute(name)
        return self.decoded(found.start, found.end) if found else ""


def _within_limit(count: int) -> None:
    if count > MAX_PIECES:
        raise TemplateError(f"html: more than {MAX_PIECES:,} tags, texts and expressions; a message has to be smaller")


def _read(text: str, at: int, end: int, *, outlook: bool) -> Iterator[Tag | Text]:
    while at < end:
        start = text.find("<", at, end)
        if start < 0:
            yield Text(at, end, outlook)
            return
        follows = text[start + 1 : start + 2]
        closing = follows == "/"
        name = _NAME.match(text, start + 1 + closing, end)
        if name is None and not closing and follows not in ("!", "?"):  # a < that is only a <
            yield Text(at, start + 1, outlook)
            at = start + 1
            continue
        if start > at:
            yield Text(at, start, outlook)
        if name is None:
            at = yield from _comment(text, start, end, outlook=outlook)
            continue
        tag = _tag(text, start, name, end, closing=closing, outlook=outlook)
        if tag is None:  # a tag that is never closed swallows the rest
            return
        yield tag
        at = tag.end
        if not closing and (ending := _RAW_ENDS.get(tag.name)):
            stop = ending.search(text, at, end)
            until = stop.start() if stop else end
            if until > at:
                yield Text(at, until, outlook, raw=True)
            at = until


def _tag(text: str, start: int, name: re.Match[str], end: int, *, closing: bool, outlook: bool) -> Tag | None:
    at, attributes = name.end(), []
    while not (closed := _END.match(text, at, end)):
        found = _ATTRIBUTE.match(text, at, end)
        if found is None:
            return None
        group = next((number for number in (2, 3, 4) if found[number] is not None), 0)
        span = found.span(group) if group else (found.end(), found.end())
        quote = ("", "", '"', "'", "")[group]
        attributes.append(Attribute(found[1].lower(), *span, found.start(1), quote))
        at = found.end()
        _within_limit(len(attributes))
        if not group and _EQUALS.match(text, at, end):  # a quote that is never closed
            return None
    return Tag(name[0].lower(), closing, tuple(attributes), start, closed.end(), name.end(), outlook)


def _comment(text: str, start: int, end: int, *, outlook: bool) -> Generator[Tag | Text, None, int]:
    """Reads what begins with `<!`, `<?` or `</`; its value is where it ends."""
    if not text.startswith("<!--", start):
        stop = text.find(">", start, end)
        return end if stop < 0 else stop + 1
    stop = text.find("-->", start + 2, end)
    condition = _HIDDEN_CONDITION.match(text, start, end)
    if condition and not outlook and text[start : stop + 3 if stop >= 0 else end].endswith("<![endif]-->"):
        yield from _read(text, condition.end(), stop, outlook=True)
    return end if stop < 0 else stop + 3
