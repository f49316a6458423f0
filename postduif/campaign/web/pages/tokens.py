"""API tokens: one's own, and for administrators everybody's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import tokens
from postduif.campaign.accounts.fault import AccountFault
from postduif.campaign.accounts.roles import SCOPES, Permission
from postduif.campaign.web.page import render, see
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Looking, OfDesk, Visitor

router = APIRouter(prefix="/tokens")


@router.get("")
def mine(request: Request, who: Looking) -> Response:
    """The tokens, and the form for one more."""
    return _page(request, who)


@router.post("")
def make(
    request: Request,
    desk: OfDesk,
    who: Looking,
    title: Typed = "",
    scope: Annotated[list[str], Form()] = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """One more; the page shows it, now and never again."""
    try:
        at_most(200, **{"What it is for": title})
        if beyond := [one for one in scope if one in SCOPES and not who.may(one)]:
            raise AccountFault(f"Your role is {who.person.role}: a token of yours cannot {beyond[0]}.")
        with desk.accounts() as connection:
            made = tokens.make(connection, who.name, title, scope, who.by())
    except (AccountFault, TooLong) as fault:
        return _page(request, who, status_of(fault), wrong=str(fault))
    return _page(request, who, made=made)


@router.post("/{id}/revoke")
def revoke(request: Request, desk: OfDesk, who: Looking, id: str) -> Response:
    """Take it back: one's own, or as an administrator anybody's."""
    with desk.accounts() as connection:
        tokens.revoke(connection, id, who.by(), of="" if who.may(Permission.ADMINISTER) else who.name)
    return see(request, "/tokens", f"Token {id} is revoked.")


def _page(request: Request, who: Visitor, status: int = 200, *, made: str = "", wrong: str = "") -> Response:
    with who.desk.accounts() as connection:
        shown = tokens.tokens_of(connection, "" if who.may(Permission.ADMINISTER) else who.name)
    scopes = [(one, meaning) for one, meaning in SCOPES.items() if who.may(one)]
    return render(request, "tokens.html", status, tokens=shown, scopes=scopes, made=made, wrong=wrong)
