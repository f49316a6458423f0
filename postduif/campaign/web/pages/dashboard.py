"""The first page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.web.page import render
from postduif.campaign.web.visitor import Looking, OfDesk

router = APIRouter()


@router.get("/")
def dashboard(request: Request, desk: OfDesk, who: Looking) -> Response:
    """What waits for somebody."""
    with desk.accounts() as connection:
        waiting = approval.waiting(connection)
    return render(request, "dashboard.html", waiting=waiting)
