"""Types of mail, which people can ask for and leave one by one."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.errors import PostduifError

router = APIRouter(prefix="/mail-types")

_Short = Annotated[str, Form(max_length=200)]
_Text = Annotated[str, Form(max_length=2000)]
_Seen = Annotated[str, Form(max_length=20_000)]
_Tick = Annotated[bool, Form()]
NEW = SubscriptionType("", "", "", everybody=False, confirm=True)


@router.get("")
def everything(request: Request, desk: OfDesk, _: Looking) -> Response:
    """All types, with how many get each, and the form for one more."""
    return _list(request, desk, NEW)


@router.post("")
def create(
    request: Request,
    desk: OfDesk,
    who: Editing,
    name: Typed = "",
    title: Typed = "",
    description: Typed = "",
    everybody: _Tick = False,  # noqa: FBT002  a field of a form
    confirm: _Tick = False,  # noqa: FBT002
    offered: _Tick = False,  # noqa: FBT002
) -> Response:
    """One more. A name that is there is refused: it would change that one."""
    name = name.strip()
    made = SubscriptionType(name, title.strip() or name, description.strip(), everybody, confirm, offered)
    try:
        at_most(200, Name=name, Title=title)
        at_most(2000, Description=description)
        with audience(desk.data_dir) as connection, transaction(connection):
            if made.name.lower() in {one.lower() for one in subscriptions.types(connection)}:
                raise subscriptions.SubscriptionFault(f"There is a type {made.name} already. Choose another name.")
            subscriptions.save_type(connection, made)
    except PostduifError as fault:
        return _list(request, desk, made, fault)
    with desk.accounts() as accounts:
        audit.note(accounts, who.by(), "type.added", f"type {made.name}")
    return see(request, "/mail-types", f"{made.title} is a type of mail.")


@router.get("/{name}")
def one(request: Request, desk: OfDesk, _: Looking, name: str) -> Response:
    """One type, to be changed."""
    with audience(desk.data_dir) as connection:
        found = subscriptions.type_named(connection, name)
    return _one(request, desk, found, found)


@router.post("/{name}")
def change(
    request: Request,
    desk: OfDesk,
    who: Editing,
    name: str,
    title: _Short = "",
    description: _Text = "",
    everybody: _Tick = False,  # noqa: FBT002
    confirm: _Tick = False,  # noqa: FBT002
    offered: _Tick = False,  # noqa: FBT002
    seen: _Seen = "",
) -> Response:
    """Store it; its name stays, as the suppression list and mailings have it."""
    with audience(desk.data_dir) as connection, transaction(connection):
        found = subscriptions.type_named(connection, name)
        titled = title.strip() or found.name
        wanted = SubscriptionType(found.name, titled, description.strip(), everybody, confirm, offered)
        if seen in ("", _seen(found)):
            subscriptions.save_type(connection, wanted)
    if seen not in ("", _seen(found)):
        return _one(request, desk, found, wanted)
    with desk.accounts() as accounts:
        words = f"{'everybody' if everybody else 'who asked'}, {'confirmed by a link' if confirm else 'no link'}"
        words += f", {'offered to every reader' if offered else 'not offered'}"
        audit.note(accounts, who.by(), "type.changed", f"type {found.name}", words)
    return see(request, "/mail-types", f"{wanted.title} is stored.")


@router.post("/{name}/delete")
def delete(request: Request, desk: OfDesk, who: Editing, name: str) -> Response:
    """Away with it, and with who asked for it; the proofs stay with the people."""
    with audience(desk.data_dir) as connection, transaction(connection):
        found = subscriptions.type_named(connection, name)
        refuse_if_awaited(desk.data_dir, "types", found.name)
        subscriptions.delete_type(connection, found.name)
    with desk.accounts() as accounts:
        audit.note(accounts, who.by(), "type.deleted", f"type {found.name}")
    return see(request, "/mail-types", f"{found.title} is gone. The proofs stay with the people.")


def _one(request: Request, desk: Desk, there: SubscriptionType, typed: SubscriptionType) -> Response:
    """With what was typed, if somebody else changed it meanwhile."""
    with audience(desk.data_dir) as connection:
        counts = subscriptions.counted(connection).get(there.name, subscriptions.Asked(0, 0))
    values = {"one": typed, "there": there, "counts": counts, "seen": _seen(there)}
    return render(request, "mail_type.html", 200 if typed is there else 409, **values)


def _seen(one: SubscriptionType) -> str:
    return json.dumps(one)


def _list(request: Request, desk: Desk, typed: SubscriptionType, fault: PostduifError | None = None) -> Response:
    with audience(desk.data_dir) as connection:
        found = list(subscriptions.types(connection).values())
        counts = subscriptions.counted(connection)
    status = status_of(fault) if fault else 200
    values = {"types": found, "counts": counts, "typed": typed, "nobody": subscriptions.Asked(0, 0)}
    return render(request, "mail_types.html", status, wrong=str(fault) if fault else "", **values)
