"""Links written anew so that clicks and opens can be counted: each leads to a page of ours, which leads on.

Of a mail that was composed only the addresses in links change, and an image that nobody sees is added. A link that
cannot be followed without risk stays as it was written, and it is said which and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from postduif.campaign.content.link_pattern import UnfitLink, pattern_of
from postduif.campaign.content.links import Leads, Link
from postduif.campaign.content.markup import Page, Tag
from postduif.campaign.content.source import Source
from postduif.campaign.tracking.links import NAMES, TrackedLink
from postduif.mta.merge.names import LINKS

_FOLLOWED = ("a", "area")
_NAMED = r"/[a-z0-9-]+"  # the form that is meant stands behind `form_url`
_OURS = re.compile(rf"(?:\{{\{{|\[\[)[\s-]*(?:{'|'.join(sorted(LINKS))})[\s-]*(?:\}}\}}|\]\])(?:{_NAMED})?")
_PIXEL = (
    '<img src="{}/o/{{{{ link_token }}}}.gif" width="1" height="1" alt="" '
    'style="display:block;width:1px;height:1px;border:0">'
)


class Following(NamedTuple):
    """How a mailing is tracked."""

    public_url: str
    opens: bool
    """Beside clicks."""
    in_text: bool
    """The links of the text part too."""
    consent: str
    """A variable: who has nothing there gets the mail as it was written; "" asks nobody."""


class Followed(NamedTuple):
    """Both parts of a mail, tracked."""

    html: str
    text: str
    links: tuple[Link, ...]
    """As they were, with the numbers of those that are tracked."""
    tracked: tuple[TrackedLink, ...]
    warnings: tuple[str, ...]


class _Change(NamedTuple):
    start: int
    end: int
    instead: str


def followed(page: Page, text: Source, links: Sequence[Link], how: Following) -> Followed:
    """Track the links of both parts, and opens."""
    tracked: list[TrackedLink] = []
    warnings: list[str] = []
    changes: dict[str, list[_Change]] = {"html": [], "text": []}
    shown = []
    for link in links:
        source = page if link.part == "html" else text
        number = 0
        try:
            if _is_followed(link, how):
                number = len(tracked) + 1
                change, one = _tracked(source, link, number, how)
                changes[link.part].append(change)
                tracked.append(one)
        except UnfitLink as reason:
            number = 0
            warnings.append(f"{link.part}, line {link.line}: this link is not tracked, as it holds {reason}")
        shown.append(link._replace(number=number))
    if how.opens and page.text.strip():
        at = _end_of_body(page)
        changes["html"].append(_Change(at, at, _asked(how, _PIXEL.format(how.public_url), "")))
    html, plain = _changed(page.text, changes["html"]), _changed(text.text, changes["text"])
    return Followed(html, plain, tuple(shown), tuple(tracked), tuple(warnings))


def _is_followed(link: Link, how: Following) -> bool:
    """Raises UnfitLink for one that leads to who knows where."""
    if link.untracked or (link.part == "text" and not how.in_text):
        return False
    if link.tag and link.tag not in _FOLLOWED and not link.tag.startswith("v:"):
        return False
    if link.leads is Leads.VARIABLE and not _OURS.fullmatch(link.url):
        raise UnfitLink("a host that is not fixed")
    return link.leads is Leads.WEB


def _tracked(source: Source, link: Link, number: int, how: Following) -> tuple[_Change, TrackedLink]:
    pattern = pattern_of(source, link)
    between = "&amp;" if link.part == "html" else "&"
    query = between.join([f"{name}={slot}" for name, slot in zip(NAMES, pattern.slots, strict=False)])
    ours = f"{how.public_url}/c/{{{{ link_token }}}}/{number}{'?' if query else ''}{query}"
    change = _Change(link.start, link.end, _asked(how, ours, source.text[link.start : link.end]))
    label = link.label or link.text
    return change, TrackedLink(number, pattern.texts, link.url, link.text, label, link.part, link.line)


def _asked(how: Following, ours: str, otherwise: str) -> str:
    """`ours` for those who agreed."""
    return f"{{% if {how.consent} %}}{ours}{{% else %}}{otherwise}{{% endif %}}" if how.consent else ours


def _end_of_body(page: Page) -> int:
    ends = [piece.start for piece in page.pieces if _ends_body(piece)]
    return ends[-1] if ends else len(page.text)


def _ends_body(piece: object) -> bool:
    return isinstance(piece, Tag) and piece.closing and piece.name == "body" and not piece.outlook


def _changed(text: str, changes: Sequence[_Change]) -> str:
    return "".join(_pieces(text, changes))


def _pieces(text: str, changes: Sequence[_Change]) -> Iterator[str]:
    at = 0
    for change in sorted(changes):
        yield text[at : change.start]
        yield change.instead
        at = change.end
    yield text[at:]
