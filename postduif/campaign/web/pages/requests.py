"""What readers asked for on their preference page, and a person has to do: a copy of what is known, or its end."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign import forgetting
from postduif.campaign.audience.connection import audience
from postduif.campaign.tracking import requests
from postduif.campaign.tracking.requests import LAWFUL
from postduif.campaign.web import noting
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.visitor import Administering, OfDesk
from postduif.campaign.web.wording import day

router = APIRouter(prefix="/requests")

AT_ONCE = 50


@router.get("")
def listed(request: Request, desk: OfDesk, _: Administering, before: Cursor = 0) -> Response:
    """Those that wait, the oldest first, and below them those that were seen to."""
    waiting = requests.to_see_to(desk.data_dir)
    found = requests.seen_to(desk.data_dir, before=before, limit=AT_ONCE + 1)
    past = slice_of(request, found, AT_ONCE, lambda one: one.id)
    return render(request, "requests/list.html", waiting=waiting, past=past, lawful=LAWFUL)


@router.get("/{number:int}")
def one(request: Request, desk: OfDesk, _: Administering, number: int) -> Response:
    """One of them, with what can be done."""
    return render(request, "requests/one.html", asked=requests.find(desk.data_dir, number), lawful=LAWFUL)


@router.post("/{number:int}/done")
def done(request: Request, desk: OfDesk, who: Administering, number: int) -> Response:
    """It was seen to: the copy was sent, or there is nobody any more."""
    asked = requests.find(desk.data_dir, number)
    requests.done(desk.data_dir, [number], desk.clock.time())
    noting.request(who, "request.done", asked)
    return see(request, "/requests", f"Request {number} is done.")


@router.post("/{number:int}/erase")
def erase(request: Request, desk: OfDesk, who: Administering, number: int) -> Response:
    """The person is erased, and with that all that they asked for is done."""
    asked = requests.find(desk.data_dir, number)
    if not asked.contact:
        return see(request, f"/requests/{number}", "There is nobody any more. Nothing was erased.")
    by = who.by(f"asked for on the preference page on {day(asked.at)}")
    with audience(desk.data_dir) as connection:
        forgetting.erase(connection, desk.data_dir, desk.ask, f"#{asked.contact}", by)
    noting.request(who, "contact.erased", asked)
    return see(request, "/requests", f"Contact {asked.contact} is erased.")
