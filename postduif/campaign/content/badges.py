"""A message with a badge on each of its tracked links, for people who look at its results. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from postduif.campaign.content.markup import Page, Tag

_OURS = re.compile(r"/c/[^/?#]+/(\d{1,6})(?:[?#]|$)")
_OPENS = re.compile(r"/o/[\w-]{32}\.gif$")
_BADGE = (
    '<span style="display:inline-block;margin:0 3px 0 0;padding:1px 5px;border-radius:9px;background:#1c5bb8;'
    'color:#fff;font:bold 11px/15px Arial,sans-serif;text-decoration:none;white-space:nowrap">{}</span>'
)


def badged(html: str, words: Mapping[int, str]) -> str:
    """`html` with the words of each link, by its number, at the beginning of the link. Raises TemplateError.

    It is what a recipient gets, so its links lead to our pages; but the image that counts opens is left out.
    """
    page = Page(html)
    pieces: list[str] = []
    at = 0
    for tag in page.pieces:
        if not isinstance(tag, Tag) or tag.closing or tag.outlook or tag.name not in ("a", "img"):
            continue
        if tag.name == "img":
            if _OPENS.search(page.value(tag, "src")):
                pieces, at = [*pieces, html[at : tag.start]], tag.end
            continue
        found = _OURS.search(page.value(tag, "href"))
        if found and (told := words.get(int(found[1]))):
            pieces += [html[at : tag.end], _BADGE.format(escape(told))]
            at = tag.end
    return "".join([*pieces, html[at:]])
