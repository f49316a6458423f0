"""The audit trail, for administrators: who did what, the newest first."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render
from postduif.campaign.web.visitor import Administering, OfDesk

router = APIRouter(prefix="/audit")

AT_ONCE = 50


@router.get("")
def trail(
    request: Request, desk: OfDesk, _: Administering, before: Cursor = 0, who: str = "", about: str = ""
) -> Response:
    """AT_ONCE entries, of one person or about one thing when asked."""
    with desk.accounts() as connection:
        found = audit.listed(connection, who=who.strip(), about=about.strip(), before=before, limit=AT_ONCE + 1)
    entries = slice_of(request, found, AT_ONCE, lambda entry: entry.id)
    return render(request, "audit.html", entries=entries, of=who, about=about)
