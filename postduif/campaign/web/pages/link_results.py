"""The links of a mailing: how often each was followed, in a table, and on the message itself."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from postduif.campaign.content.badges import badged
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.shown import html_of
from postduif.campaign.results.figures import figures_of
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.people import recipients
from postduif.campaign.results.reading import is_tracked, link_results, reading
from postduif.campaign.results.tally import Source
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.plot import Bar, bars
from postduif.campaign.web.result_pages import result_page
from postduif.campaign.web.visitor import Looking, OfDesk
from postduif.campaign.web.wording import number as figure
from postduif.campaign.web.wording import share
from postduif.errors import PostduifError

router = APIRouter(prefix="/mailings/{number:int}/links")

MOST_BARS = 20
TRIED = 20
"""Recipients, until one is still on file."""
FRAMED = {
    "content-security-policy": "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; "
    "font-src https: data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
}
"""Of what somebody wrote for mail: it is shown, nothing in it runs, and it belongs to no origin."""


@router.get("")
def links(request: Request, who: Looking, number: int) -> Response:
    """The table, and a frame with the message."""

    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        source = Source(who.desk.data_dir, number)
        read = reading(source, figures_of(kept.tally).delivered)
        found = link_results(source, read)
        best = sorted(found, key=lambda one: -one.clickers)[:MOST_BARS]
        rows = [Bar(f"{one.link} {one.label or one.url}", [one.clickers]) for one in best if one.clickers]
        plot = bars("People who followed each link", _told(rows), rows, "links")
        return {"links": found, "read": read, "plot": plot, "tracked": is_tracked(kept.tally.connection, source)}

    return result_page(request, who, number, "mailing/links.html", look)


@router.get("/shown")
def shown(who: Looking, desk: OfDesk, number: int) -> Response:
    """The message, with the share of all clicks on each link; for the frame."""
    mailing = mailing_of(who, number)
    source = Source(desk.data_dir, number)
    read = reading(source, 0)
    words = {
        one.link: f"{share(one.clicks, read.clicks)} · {figure(one.clicks)}" if one.clicks else "0"
        for one in link_results(source, read)
    }
    try:
        with desk.tallies.of(number) as kept:
            contacts = [one.contact for one in recipients(kept.tally, limit=TRIED) if one.contact]
        html = (
            badged(html_of(desk.config, mailing, contacts, desk.clock.time()), words)
            or "<p>This mailing has no HTML.</p>"
        )
    except PostduifError as fault:
        html = f'<!doctype html><meta charset="utf-8"><p>The message cannot be shown: {escape(str(fault))}</p>'
    return HTMLResponse(html, headers=FRAMED)


def _told(rows: list[Bar]) -> str:
    if not rows:
        return "Nobody followed a link yet."
    return f"The link that most people followed is {rows[0].label}, with {rows[0].values[0]:.0f}. All are in the table."
