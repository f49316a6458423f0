"""Every link of a mailing: what it leads to, what its text is, and where its address stands, so that it can be
checked, counted, and later be written anew in its place.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Literal, NamedTuple

from postduif.campaign.content.expressions import MASK
from postduif.campaign.content.markup import Page, Tag, Text
from postduif.campaign.content.source import Source

MAX_TEXT = 200  # characters of a link's text that are kept

_PLACES = {"a": "href", "area": "href", "form": "action", "base": "href"}
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_IN_TEXT = re.compile(rf"(?:https?://|mailto:|tel:)[^\s<>\"{MASK}]*+(?:{MASK}++[^\s<>\"{MASK}]*+)*+", re.IGNORECASE)
_BEHIND = ".,;:!?'*_"
_WWW = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)


class Leads(Enum):
    """What kind of thing is behind a link."""

    WEB = "web"
    MAIL = "mail"
    PHONE = "phone"
    ANCHOR = "anchor"
    """A place in the message itself."""
    VARIABLE = "variable"
    """It begins with an expression, so that each recipient's values decide."""
    RELATIVE = "relative"
    """It lacks a scheme: in a mail it leads nowhere."""
    OTHER = "other"


_BY_SCHEME = {"http": Leads.WEB, "https": Leads.WEB, "mailto": Leads.MAIL, "tel": Leads.PHONE, "sms": Leads.PHONE}


class Link(NamedTuple):
    """One link. `content.html[start:end]`, or `content.text[start:end]`, is its address as it is written there."""

    url: str
    """Character references decoded, template expressions as they are, blanks around it taken off."""
    text: str
    """What the reader sees of it, or the alt text of an image; "" for none."""
    leads: Leads
    part: Literal["html", "text"]
    line: int
    """Of that part, from 1."""
    tag: str
    """The element; "" in the text."""
    start: int
    end: int
    label: str = ""
    """What its maker calls it in figures: the attribute data-label."""
    untracked: bool = False
    """Its maker says that nobody is to be followed here: data-track is "none"."""
    number: int = 0
    """Under which it is tracked; 0: it is not."""


def leads_to(url: str) -> Leads:
    """What kind of thing an address leads to."""
    url = url.lstrip()
    if url.startswith(("{{", "{%", "[[")):
        return Leads.VARIABLE
    if url.startswith("#"):
        return Leads.ANCHOR
    if _WWW.match(url):
        return Leads.WEB
    scheme = _SCHEME.match(url)
    return _BY_SCHEME.get(scheme[1].lower(), Leads.OTHER) if scheme else Leads.RELATIVE


def links_of_html(page: Page) -> list[Link]:
    """The links of the HTML part, in order; those for Outlook alone too. VML's shapes have an href as well."""
    found: list[Link] = []
    shown: list[str] = []
    opened = -1  # index of the a element that is open
    for piece in page.pieces:
        if isinstance(piece, Text):
            if opened >= 0 and not piece.raw:
                shown.append(page.decoded(piece.start, piece.end))
            continue
        if opened >= 0 and piece.name == "img":
            shown.append(page.value(piece, "alt"))
        if piece.name == "a" and opened >= 0:
            found[opened] = found[opened]._replace(text=_short(shown))
            opened = -1
        link = None if piece.closing else _link(page, piece)
        if link is not None:
            found.append(link)
            if piece.name == "a":
                opened, shown = len(found) - 1, []
    if opened >= 0:
        found[opened] = found[opened]._replace(text=_short(shown))
    return found


def _link(page: Page, tag: Tag) -> Link | None:
    where = tag.attribute("href" if tag.name.startswith("v:") else _PLACES.get(tag.name, ""))
    if where is None:
        return None
    url = page.decoded(where.start, where.end).strip()
    alt, label = page.value(tag, "alt"), page.value(tag, "data-label")
    return Link(
        url,
        _short([alt]),
        leads_to(url),
        "html",
        page.line(where.start),
        tag.name,
        where.start,
        where.end,
        _short([label]),
        page.value(tag, "data-track").strip().lower() == "none",
    )


def links_of_text(source: Source) -> list[Link]:
    """The links of the text part: what mail programs make clickable there."""
    found = []
    for match in _IN_TEXT.finditer(source.masked):
        end = match.start() + len(match[0].rstrip(_BEHIND if "(" in match[0] else f"{_BEHIND})"))
        url = source.text[match.start() : end]
        found.append(Link(url, "", leads_to(url), "text", source.line(match.start()), "", match.start(), end))
    return found


def _short(shown: list[str]) -> str:
    text = " ".join("".join(shown).split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
