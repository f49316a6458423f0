"""Webhooks: how far each receiver is, and telling one again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.queue_condition import NotACondition, seconds
from postduif.campaign.web.visitor import Looking, OfDesk, Sending
from postduif.mta.control import Refused

router = APIRouter(prefix="/webhooks")

Word = Annotated[str, Form(max_length=200)]


@router.get("")
def webhooks(request: Request, desk: OfDesk, who: Looking) -> Response:
    """All of them, in the order of the settings."""
    return _page(request, desk)


@router.post("/replay")
def replay(request: Request, desk: OfDesk, who: Sending, name: Word = "", since: Word = "") -> Response:
    """Tell it again what happened in the last while."""
    try:
        desk.ask("webhook.replay", name=name, since=desk.clock.time() - seconds(since))
    except (NotACondition, Refused) as fault:
        return _page(request, desk, name=name, since=since, wrong=str(fault))
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "webhook.replayed", f"webhook {name}", f"the last {since}")
    return see(request, "/webhooks", f"{name} is told again what happened in the last {since}.")


def _page(request: Request, desk: Desk, *, name: str = "", since: str = "1h", wrong: str = "") -> Response:
    values = {"webhooks": desk.ask("webhook.list"), "name": name, "since": since, "wrong": wrong}
    return render(request, "webhooks.html", 422 if wrong else 200, **values)
