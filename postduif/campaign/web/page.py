"""What a page answers with: a template with values, or a way to the next page.

Everything is escaped; a name that a template asks for and nobody gave is a mistake and not an empty place. Every
template knows `who` (the visitor, or None), `path`, `csrf`, `now`, and `asset("style.css")`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from postduif.campaign.web import wording
from postduif.campaign.web.assets import asset
from postduif.campaign.web.cookies import FORM, form_secret
from postduif.campaign.web.desk import Desk, Told
from postduif.campaign.web.rooms import ROOMS, Room, here
from postduif.campaign.web.visitor import Visitor, visitor_of

_HTMX = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "responseHandling": [{"code": "204", "swap": False}, {"code": "[2345]..", "swap": True}],
    }
)
_FILTERS = (
    wording.number,
    wording.rate,
    wording.moment,
    wording.exact,
    wording.day,
    wording.span,
    wording.seconds,
    wording.size,
    wording.plural,
    wording.ago,
    wording.tone,
    wording.coded,
    wording.acted,
)

_IN_URL = "%/?#[]@!$&'()*+,;=:"
"""Left as they are in a way to go; all else, as line ends in what somebody typed, is encoded."""


def _zip_self(values: Iterable[str]) -> list[tuple[str, str]]:
    """Options whose words are their values."""
    return [(one, one) for one in values]


_templates = Environment(
    loader=PackageLoader("postduif.campaign.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters.update({one.__name__: one for one in _FILTERS})
_templates.filters["zip_self"] = _zip_self
_templates.globals.update(asset=asset, share=wording.share, htmx_settings=_HTMX)


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one (`parts/...`), with these values. Words that wait are told by whole pages only.

    A page that is asked for by a script, which takes a part of it, is no whole page.
    """
    desk: Desk = request.app.state.desk
    visitor = visitor_of(request)
    csrf = visitor.session.csrf if visitor else form_secret(request)
    whole = not template.startswith("parts/") and not is_fragment(request)
    given = {
        "who": visitor,
        "path": request.url.path,
        "csrf": csrf,
        "now": desk.clock.time(),
        "told": _told(desk, visitor) if whole else [],
        "rooms": _rooms(visitor),
        "room": here(request.url.path),
    }
    response = HTMLResponse(_templates.get_template(template).render(given | values), status)
    if visitor is None:
        FORM.write(request, response, csrf)
    return response


def see(request: Request, path: str, text: str = "") -> Response:
    """On to another page of ours after a change (303; by htmx, HX-Redirect), which says `text` at its top."""
    visitor = visitor_of(request)
    if text and visitor is not None:
        visitor.tell(text)
    place = quote(path, safe=_IN_URL)
    if is_fragment(request):
        return Response(status_code=204, headers={"hx-redirect": place})
    return Response(status_code=303, headers={"location": place})


def is_fragment(request: Request) -> bool:
    """The script asks, for a part of a page."""
    return "hx-request" in request.headers


def part(template: str, **values: Any) -> str:
    """A part of a page as text, for what is pushed to pages that are open. It has the given values alone."""
    return _templates.get_template(template).render(values)


def _told(desk: Desk, visitor: Visitor | None) -> list[Told]:
    return desk.told(visitor.session.hashed) if visitor else []


def _rooms(visitor: Visitor | None) -> list[Room]:
    return [room for room in ROOMS if room.title and visitor is not None and visitor.may(room.permission)]
