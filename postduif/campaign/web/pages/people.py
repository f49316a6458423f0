"""People and their roles, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import people, sessions
from postduif.campaign.accounts.fault import AccountFault
from postduif.campaign.accounts.roles import GRANTS, Permission, Role, role_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Administering, OfDesk, Visitor

router = APIRouter(prefix="/people")

Word = Annotated[str, Form(max_length=200)]


@router.get("")
def everybody(request: Request, who: Administering) -> Response:
    """All of them, and the form for one more."""
    return _page(request, who)


@router.post("")
def add(
    request: Request, desk: OfDesk, who: Administering, name: Typed = "", title: Typed = "", role: Word = ""
) -> Response:
    """One more; the next page shows an address that lets the new person in."""
    try:
        at_most(200, **{"Name as others see it": title})
        with desk.accounts() as connection:
            person = people.add(connection, name.strip(), title, role_of(role), who.by())
    except (AccountFault, TooLong) as fault:
        return _page(request, who, status_of(fault), name=name, title=title, role=role, wrong=str(fault))
    return see(request, f"/people/{person.name}", f"{person.name} was added. Make a sign-in address and hand it over.")


@router.get("/{name}")
def one(request: Request, desk: OfDesk, who: Administering, name: str) -> Response:
    """One person."""
    with desk.accounts() as connection:
        person = people.find(connection, name)
        places = sessions.sessions_of(connection, person.name)
    return render(request, "person.html", person=person, places=places, roles=list(Role), link="")


@router.post("/{name}")
def change(
    request: Request,
    desk: OfDesk,
    who: Administering,
    name: str,
    title: Word,
    role: Word,
    disabled: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of a form
    seen: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Role, name as others see it, and whether this person may come in."""
    with desk.accounts() as connection:
        person = people.find(connection, name)
        if seen and seen != f"{person.role} {person.disabled} {person.title}".strip():
            who.tell("Somebody changed this person meanwhile. Look, and store it again.", "warning")
            return see(request, f"/people/{person.name}")
        wanted = person._replace(title=title, role=role_of(role), disabled=disabled)
        people.change(connection, wanted, who.by())
    return see(request, f"/people/{person.name}", f"{person.name} is changed.")


@router.post("/{name}/link")
def link(request: Request, desk: OfDesk, who: Administering, name: str) -> Response:
    """An address that lets this person in once; shown now and never again."""
    with desk.accounts() as connection:
        person = people.find(connection, name)
        text = sessions.make_link(connection, person.name, who.by())
        places = sessions.sessions_of(connection, person.name)
    address = f"{desk.origin}/enter/{text}"
    return render(request, "person.html", person=person, places=places, roles=list(Role), link=address)


@router.post("/{name}/remove")
def remove(request: Request, desk: OfDesk, who: Administering, name: str) -> Response:
    """Gone, with sessions and tokens."""
    with desk.accounts() as connection:
        people.remove(connection, name, who.by())
    return see(request, "/people", f"{name} is removed.")


def _page(
    request: Request,
    who: Visitor,
    status: int = 200,
    *,
    name: str = "",
    title: str = "",
    role: str = "",
    wrong: str = "",
) -> Response:
    with who.desk.accounts() as connection:
        everyone = people.everybody(connection)
    return render(
        request,
        "people.html",
        status,
        people=everyone,
        name=name,
        title=title,
        role=role or Role.VIEWER,
        wrong=wrong,
        roles=list(Role),
        grants=GRANTS,
        permissions=list(Permission),
    )
