"""Contacts: who there is, found by a piece of address or name or by a condition; and one more, by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.audience import contacts
from postduif.campaign.audience.attributes import declared
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.searching import EVERYBODY, Found, count_found, search
from postduif.campaign.audience.selections import compiled_condition
from postduif.campaign.database import transaction
from postduif.campaign.web import audience_files, noting
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.errors import PostduifError

router = APIRouter(prefix="/contacts")

AT_ONCE = 50
_Text = Annotated[str, Query(max_length=500)]
_Condition = Annotated[str, Query(max_length=20_000)]


@router.get("")
def everybody(
    request: Request, desk: OfDesk, _: Looking, q: _Text = "", where: _Condition = "", before: Cursor = 0
) -> Response:
    """AT_ONCE of those that are looked for, the newest first."""
    found: list[Found] = []
    wrong, matching = "", 0
    with audience(desk.data_dir) as connection:
        people = count_found(connection, desk.data_dir)
        try:
            now = desk.clock.time()
            asked = compiled_condition(connection, where, now) if where.strip() else EVERYBODY
            found = search(connection, desk.data_dir, q, asked, before, AT_ONCE + 1)
            filtered = bool(q.strip() or where.strip())
            matching = count_found(connection, desk.data_dir, q, asked) if filtered else people
        except ConditionFault as fault:
            wrong = fault.located(where)
    shown = slice_of(request, found, AT_ONCE, lambda one: one.id)
    values = {"people": people, "matching": matching, "q": q, "where": where, "wrong": wrong}
    return render(request, "contacts/list.html", 422 if wrong else 200, found=shown, **values)


@router.get("/export.csv")
def export(who: Editing, q: _Text = "", where: _Condition = "") -> Response:
    """Those that are looked for, as a file."""
    return audience_files.everybody(who, q, where)


@router.get("/new")
def ask(request: Request, desk: OfDesk, _: Editing) -> Response:
    """The form for one more."""
    return _form(request, desk, {})


@router.post("/new")
def add(request: Request, desk: OfDesk, who: Editing, posted: Posted) -> Response:
    """Enter somebody; an address that is known already leads to that person, and changes nothing."""
    email = posted.get("email", "").strip()
    given = {name: text for name, text in posted.beginning("a_").items() if text.strip()}
    try:
        with audience(desk.data_dir) as connection:
            if known := contacts.find(connection, email):
                return see(request, f"/contacts/{known}", f"{email} was known already. Nothing was changed.")
            with transaction(connection):
                made = contacts.save(connection, email, given, desk.clock.time(), "hand", who.name)
    except PostduifError as fault:
        return _form(request, desk, posted, str(fault))
    noting.note(who, "contact.added", f"contact {made}")
    return see(request, f"/contacts/{made}", f"{email} is a contact.")


def _form(request: Request, desk: OfDesk, posted: dict[str, str], wrong: str = "") -> Response:
    with audience(desk.data_dir) as connection:
        known = declared(connection)
    texts = {name: posted.get(f"a_{name}", "") for name in (*contacts.BUILT_IN, *known)}
    values = {"known": known, "texts": texts, "email": posted.get("email", ""), "wrong": wrong}
    return render(request, "contacts/new.html", 422 if wrong else 200, **values)
