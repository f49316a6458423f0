"""Signing in, by a password or by an address that works once, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif import log
from postduif.campaign.accounts import audit, people, sessions
from postduif.campaign.accounts.fault import AccountFault, Guessing
from postduif.campaign.accounts.people import Person
from postduif.campaign.mailings.changing import By
from postduif.campaign.web.browser import browser, client
from postduif.campaign.web.cookies import FORM, SESSION
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.safety import local_path
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import OfDesk, visitor_of

router = APIRouter()

Short = Annotated[str, Form(max_length=2000)]


@router.get("/sign-in")
def ask(request: Request, next: str = "/") -> Response:  # noqa: A002  as it stands in the address
    """Name and password."""
    if visitor_of(request):
        return see(request, local_path(next))
    return render(request, "sign_in.html", name="", next=local_path(next), wrong="")


@router.post("/sign-in")
def sign_in(
    request: Request,
    desk: OfDesk,
    name: Short = "",
    password: Short = "",
    next: Short = "/",  # noqa: A002
) -> Response:
    """The next page, or the form with what is wrong. The same words whether the name or the password is."""
    try:
        person = _person(desk, request, name.strip()[:64].lower(), password)
    except AccountFault as fault:
        status = 401 if not isinstance(fault, Guessing) else status_of(fault)
        return render(request, "sign_in.html", status, name=name, next=local_path(next), wrong=str(fault))
    return _enter(request, desk, person, local_path(next), "password")


@router.get("/enter/{secret}")
def offer(request: Request, secret: str) -> Response:
    """Nothing happens yet: whoever looks at links in mail for others would use this one up."""
    return render(request, "enter.html", secret=secret)


@router.post("/enter/{secret}")
def enter(request: Request, desk: OfDesk, secret: str) -> Response:
    """Sign in by the address; who has no password yet is asked for one."""
    with desk.accounts() as connection:
        person = sessions.use_link(connection, secret, desk.clock.time())
    return _enter(request, desk, person, "/" if person.has_password else "/own", "link")


@router.post("/sign-out")
def sign_out(request: Request, desk: OfDesk) -> Response:
    """The session is no more, here and in the file."""
    if visitor := visitor_of(request):
        with desk.accounts() as connection:
            sessions.end(connection, visitor.session.hashed)
    response = see(request, "/sign-in")
    SESSION.remove(request, response)
    return response


def _person(desk: Desk, request: Request, name: str, password: str) -> Person:
    address = client(request)
    if wait := desk.guesses.begin(address, name):
        raise Guessing(wait)
    right = failed = known = False
    try:
        with desk.accounts() as connection:
            person = people.right_password(connection, name, password)
            right, failed = person is not None, person is None
            known = people.found(connection, name) is not None
    finally:
        desk.guesses.end(address, name, right=right, failed=failed)
    if person is None:  # nothing is written to disk: that takes a time of its own, and would have no end
        if known:
            desk.guesses.refused(name)
        log.warning("sign_in_refused", client=address.text, user=name if known else "")
        raise AccountFault("The name or the password is not right.")
    if wrong := desk.guesses.refused_before(name):
        words = f"{wrong} wrong password{'s' * (wrong > 1)} before"
        with desk.accounts() as connection:
            audit.note(connection, By(name, desk.clock.time()), "session.refused", f"person {name}", words)
    return person


def _enter(request: Request, desk: Desk, person: Person, path: str, way: str) -> Response:
    """A new session, whatever the browser had before."""
    with desk.accounts() as connection:
        if visitor := visitor_of(request):
            sessions.end(connection, visitor.session.hashed)
        by = By(person.name, desk.clock.time())
        begun = sessions.begin(connection, person, by, browser(request), way=way)
    response = see(request, path)
    SESSION.write(request, response, begun.cookie)
    FORM.remove(request, response)
    return response
