"""Mail that came back and that nobody could read: the list, one as text, forgetting it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.visitor import Administering, Looking, OfDesk
from postduif.mta.unprocessed_operations import parts

router = APIRouter(prefix="/returned")

AT_ONCE = 100
SHOWN = 256 * 1024
"""Octets of a mail on the page; all of it can be downloaded."""


@router.get("")
def returned(request: Request, desk: OfDesk, who: Looking, before: Cursor = 0) -> Response:
    """The latest first."""
    found = desk.ask("unprocessed.list", limit=AT_ONCE + 1, before=before)
    mails = slice_of(request, found, AT_ONCE, lambda row: row["id"])
    to = desk.config.bounce.unprocessed_to
    return render(request, "returned.html", mails=mails, to=str(to) if to else "")


@router.get("/{number}")
def one(request: Request, desk: OfDesk, who: Looking, number: int) -> Response:
    """As text: nothing in it is run or loaded."""
    content = b"".join(parts(desk.ask, number))
    text = content[:SHOWN].decode("utf-8", "replace")
    return render(request, "returned_mail.html", number=number, text=text, size=len(content), cut=len(content) > SHOWN)


@router.get("/{number}/raw")
def raw(desk: OfDesk, who: Looking, number: int) -> Response:
    """As it came, to be saved."""
    content = b"".join(parts(desk.ask, number))
    headers = {"content-disposition": f'attachment; filename="returned-{number}.eml"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/{number}/drop")
def drop(request: Request, desk: OfDesk, who: Administering, number: int) -> Response:
    """Forget it."""
    dropped = desk.ask("unprocessed.drop", ids=[number])["dropped"]
    if dropped:
        with desk.accounts() as connection:
            audit.note(connection, who.by(), "returned.dropped", f"returned mail {number}", "")
    return see(request, "/returned", f"Mail {number} is forgotten." if dropped else f"Mail {number} was gone already.")
