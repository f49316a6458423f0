"""How elements stand in each other, and which attributes are there whatever the values of a recipient are.

Readers written in Rust end the program when elements are too deep in each other; so that is looked at before.
"""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.content.expressions import MASK, Kind
from postduif.campaign.content.markup import VOID, Attribute, Page, Tag

MAX_DEPTH = 256
"""Elements in each other. Tables within tables of a newsletter reach 60."""

_ROWS = ("p", "td", "th", "tr")
_SECTIONS = (*_ROWS, "thead", "tbody", "tfoot")
_ENDS = {
    **dict.fromkeys(("p",), ("p",)),
    **dict.fromkeys(("li",), ("p", "li")),
    **dict.fromkeys(("dt", "dd"), ("p", "dt", "dd")),
    **dict.fromkeys(("td", "th"), ("p", "td", "th")),
    **dict.fromkeys(("tr",), _ROWS),
    **dict.fromkeys(("thead", "tbody", "tfoot"), _SECTIONS),
    **dict.fromkeys(("option",), ("option",)),
}
"""Which elements end when the next of these begins, without an end tag."""


class Nesting(NamedTuple):
    """Of one page."""

    depth: int
    """The most elements that are open at one time."""
    unclosed: int
    """Elements that nothing ends."""


def nesting(page: Page) -> Nesting:
    """How deep a page is. Never less than what a reader of HTML makes of its tags one by one."""
    opened: list[str] = []
    count: dict[str, int] = {}
    deepest = unclosed = 0
    for tag in page.pieces:
        if not isinstance(tag, Tag) or tag.name in VOID or tag.outlook:
            continue
        if not tag.closing:
            while opened and opened[-1] in _ENDS.get(tag.name, ()):
                count[opened.pop()] -= 1
            opened.append(tag.name)
            count[tag.name] = count.get(tag.name, 0) + 1
            deepest = max(deepest, len(opened))
            continue
        if not count.get(tag.name):
            continue
        while (name := opened.pop()) != tag.name:
            count[name] -= 1
            unclosed += name not in _ENDS
        count[name] -= 1
    unclosed += sum(name not in _ENDS for name in opened)
    return Nesting(deepest, unclosed)


def plain(name: str) -> str:
    """A tag's name without the expression that is written against it."""
    return name.partition(MASK)[0] or "x"


def certain(page: Page, tag: Tag) -> list[Attribute]:
    """The attributes that stand in no condition between the attributes, and have no expression in their name."""
    depth = _change(page, tag.start, tag.name_end)
    found = []
    for one in tag.attributes:
        if MASK in one.name:
            depth += _change(page, one.at, one.at + len(one.name))
        elif depth <= 0:
            found.append(one)
        depth += _change(page, one.start, one.end)  # a value without quotes may hold the end of a condition
    return found


def _change(page: Page, start: int, end: int) -> int:
    words = [span.word for span in page.within(start, end) if span.kind is Kind.BLOCK]
    return sum(word in ("if", "for") for word in words) - sum(word in ("endif", "endfor") for word in words)
