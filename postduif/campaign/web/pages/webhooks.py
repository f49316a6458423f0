"""Webhooks: how far each receiver is, and telling one again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.accounts.roles import Permission
from postduif.campaign.web.page import render, see
from postduif.campaign.web.queue_condition import NotACondition, seconds
from postduif.campaign.web.typed import Typed
from postduif.campaign.web.visitor import Looking, OfDesk, Sending, Visitor
from postduif.mta.control import Refused

router = APIRouter(prefix="/webhooks")

Word = Annotated[str, Form(max_length=200)]


@router.get("")
def webhooks(request: Request, who: Looking) -> Response:
    """All of them, in the order of the settings."""
    return _page(request, who)


@router.post("/replay")
def replay(request: Request, desk: OfDesk, who: Sending, name: Word = "", since: Typed = "") -> Response:
    """Tell it again what happened in the last while."""
    try:
        desk.ask("webhook.replay", name=name, since=desk.clock.time() - seconds(since))
    except (NotACondition, Refused) as fault:
        return _page(request, who, name=name, since=since, wrong=str(fault))
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "webhook.replayed", f"webhook {name}", f"the last {since}")
    return see(request, "/webhooks", f"{name} is told again what happened in the last {since}.")


def where(url: str, who: Visitor) -> str:
    """Its address; for who does not administer only whose it is, as some receivers know who tells by the path alone."""
    if who.may(Permission.ADMINISTER):
        return url
    scheme, host, *_ = urlsplit(url)
    return f"{scheme}://{host.rpartition('@')[2]}/…"


def _page(request: Request, who: Visitor, *, name: str = "", since: str = "1h", wrong: str = "") -> Response:
    known = [one | {"url": where(one["url"], who)} for one in who.desk.ask("webhook.list")]
    values = {"webhooks": known, "name": name, "since": since, "wrong": wrong}
    return render(request, "webhooks.html", 422 if wrong else 200, **values)
