"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit, people, sessions
from postduif.campaign.accounts.fault import AccountFault, Guessing
from postduif.campaign.web.browser import browser, client
from postduif.campaign.web.cookies import SESSION
from postduif.campaign.web.page import render, see
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed
from postduif.campaign.web.visitor import Looking, OfDesk, Visitor

router = APIRouter(prefix="/own")


@router.get("")
def own(request: Request, who: Looking) -> Response:
    """The page."""
    return _page(request, who)


@router.post("/password")
def change_password(
    request: Request, desk: OfDesk, who: Looking, new: Typed, again: Typed, old: Typed = ""
) -> Response:
    """A new password. Every other session ends, and this one goes on under a new secret."""
    try:
        if new != again:
            raise AccountFault("The two new passwords differ.")
        _see_old(who, request, old)
        with desk.accounts() as connection:
            people.set_password(connection, who.name, new, who.by())
            begun = sessions.begin(connection, who.person, who.by(), browser(request), way="a new password")
    except AccountFault as fault:
        return _page(request, who, status_of(fault), str(fault))
    response = see(request, "/own")
    SESSION.write(request, response, begun.cookie)
    return response


@router.post("/sessions/end")
def end_others(request: Request, desk: OfDesk, who: Looking) -> Response:
    """Sign out everywhere else."""
    with desk.accounts() as connection:
        ended = sessions.end_others(connection, who.name, who.session.hashed)
        audit.note(connection, who.by(), "session.ended", f"person {who.name}", f"{ended} elsewhere")
    return see(request, "/own", f"Signed out in {ended} other places." if ended != 1 else "Signed out in one place.")


def _see_old(who: Visitor, request: Request, old: str) -> None:
    """The old password is right, if there is one: who finds a screen unlocked does not get the account."""
    if not who.person.has_password:
        return
    address = client(request)
    if wait := who.desk.guesses.begin(address, who.name):
        raise Guessing(wait)
    right = False
    try:
        with who.desk.accounts() as connection:
            right = people.right_password(connection, who.name, old) is not None
    finally:
        who.desk.guesses.end(address, who.name, right=right, failed=not right)
    if not right:
        raise AccountFault("The old password is not right.")


def _page(request: Request, who: Visitor, status: int = 200, wrong: str = "") -> Response:
    with who.desk.accounts() as connection:
        places = sessions.sessions_of(connection, who.name)
    return render(request, "own.html", status, places=places, wrong=wrong)
