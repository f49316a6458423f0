"""The statistics of a mailing: what happened when and where, and how it was read; and addresses to share them by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import shares
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results import reading as reads
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.opening import NoResults
from postduif.campaign.results.spread import by_domain
from postduif.campaign.tracking.figures import last_visit
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import see
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.plot import Bar, bars, key
from postduif.campaign.web.result_pages import result_page
from postduif.campaign.web.summary import summary
from postduif.campaign.web.visitor import Editing, Looking, OfDesk, Visitor

router = APIRouter(prefix="/mailings/{number:int}/statistics")

MOST_BARS = 15
MOST_DOMAINS = 200
_Word = Annotated[str, Form(max_length=200)]


@router.get("")
def statistics(
    request: Request, who: Looking, desk: OfDesk, number: int, span: Literal["first", "all"] = "first"
) -> Response:
    """Figures, and what happened when: in the first 48 hours, or since the start."""
    return _page(request, who, desk, number, span)


@router.get("/domains")
def domains(request: Request, who: Looking, number: int) -> Response:
    """The domains with most recipients."""

    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        found = kept.made("domains", by_domain)
        cut = len(found) > MOST_DOMAINS and MOST_DOMAINS
        found = found[:MOST_DOMAINS]
        read = kept.made("readers", reads.by_domain, last_visit(who.desk.data_dir))
        rows = [Bar(one.domain, [one.delivered, read[one.domain].opened if one.domain in read else 0]) for one in found]
        told = f"{found[0].domain} has most: {found[0].recipients} recipients." if found else "There are none yet."
        names = ("delivered", "opened")
        plot = bars("Delivered and opened at each domain", told, rows[:MOST_BARS], "domains")
        return {"domains": found, "read": read, "plot": plot, "key": key(names), "most": MOST_BARS, "cut": cut}

    return result_page(request, who, number, "mailing/domains.html", look)


@router.post("/share")
def share(
    request: Request,
    who: Editing,
    desk: OfDesk,
    number: int,
    title: _Word = "",
    days: Annotated[int, Form()] = 30,
) -> Response:
    """An address that shows the figures without signing in; told now and never again."""
    mailing_of(who, number)
    with desk.accounts() as connection:
        text = shares.make(connection, number, title, days, who.by())
    return _page(request, who, desk, number, "first", f"{desk.origin}/shared/{text}")


@router.post("/share/{id_}/revoke")
def revoke(request: Request, who: Editing, desk: OfDesk, number: int, id_: str) -> Response:
    """It shows nothing any more."""
    with desk.accounts() as connection:
        shares.revoke(connection, number, id_, who.by())
    return see(request, f"/mailings/{number}/statistics#share", "That address shows nothing any more.")


def _page(
    request: Request, who: Visitor, desk: Desk, number: int, span: Literal["first", "all"], made: str = ""
) -> Response:
    with desk.accounts() as connection:
        there = shares.of_mailing(connection, number, desk.clock.time())

    def look(mailing: Mailing, kept: Kept) -> dict[str, Any]:
        if mailing.run.started is None:
            raise NoResults("it was not sent yet")
        values = {"shares": there, "made": made, "days": shares.DAYS}
        return values | summary(desk, mailing, kept, span)

    return result_page(request, who, number, "mailing/statistics.html", look)
