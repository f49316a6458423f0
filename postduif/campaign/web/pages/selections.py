"""Selections: which there are, who is in one and why, members put in and taken out."""

from __future__ import annotations

import sqlite3
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.audience import selections
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.counting import explain, members, size
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.selections import Selection, SelectionKind
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import linked_mailings, refuse_if_awaited
from postduif.campaign.renaming import describe_selection
from postduif.campaign.web import audience_files, noting
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.people_named import ids_of, named
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.errors import AddressError, PostduifError

router = APIRouter(prefix="/selections")

AT_ONCE = 50
COUNTING = 0.7
"""Seconds that the list spends on counting; the rest is counted by the page itself."""
_Behind = Annotated[str, Query(max_length=400)]


@router.get("")
def everything(request: Request, desk: OfDesk, _: Looking) -> Response:
    """All, with how many are in each."""
    clock = desk.clock
    until = clock.monotonic() + COUNTING
    rows: list[tuple[Selection, int | None, str]] = []
    with audience(desk.data_dir) as connection:
        for one in selections.listed(connection):
            if clock.monotonic() > until:
                rows.append((one, None, ""))
                continue
            try:
                rows.append((one, size(connection, one, desk.data_dir, clock.time()), ""))
            except ConditionFault as fault:
                rows.append((one, None, str(fault)))
    return render(request, "selections/list.html", rows=rows)


@router.get("/{number:int}/size")
def one_size(request: Request, desk: OfDesk, _: Looking, number: int) -> Response:
    """How many are in it, for a list that did not count it."""
    with audience(desk.data_dir) as connection:
        one = selections.numbered(connection, number)
        count = size(connection, one, desk.data_dir, desk.clock.time())
    return render(request, "parts/figure.html", figure=count)


@router.get("/plain")
def ask(
    request: Request, _: Editing, kind: Annotated[str, Query(max_length=20)] = SelectionKind.STATIC.value
) -> Response:
    """The form for a static one or a list of addresses."""
    return _form(request, kind)


@router.post("/plain")
def create(
    request: Request,
    desk: OfDesk,
    who: Editing,
    kind: Typed = "",
    name: Typed = "",
    note: Typed = "",
    people: Typed = "",
) -> Response:
    """One more, with these in it."""
    try:
        at_most(1000, Note=note)
        with audience(desk.data_dir) as connection, transaction(connection):
            sort = SelectionKind.ADDRESSES if kind == SelectionKind.ADDRESSES else SelectionKind.STATIC
            made = selections.create(connection, name, sort, desk.clock.time(), note=note.strip())
            count = _put(connection, made, people, desk.clock.time())
    except PostduifError as fault:
        return _form(request, kind, str(fault), name=name, note=note, people=people)
    noting.numbered(who, "selection.added", made)
    return see(request, f"/selections/{made.id}", f"{made.name} is there, with {count:,} in it.")


@router.get("/{number:int}")
def one(request: Request, desk: OfDesk, _: Looking, number: int, after: Cursor = 0, behind: _Behind = "") -> Response:
    """What it says, how many, who."""
    return _page(request, desk, number, after=after, behind=behind)


@router.post("/{number:int}/members")
def change_members(
    request: Request,
    desk: OfDesk,
    who: Editing,
    number: int,
    do: Typed = "add",
    people: Typed = "",
) -> Response:
    """Put people in or take them out: addresses or #ID, one a line. One that nobody has, and nothing is changed."""
    now = desk.clock.time()
    try:
        with audience(desk.data_dir) as connection, transaction(connection):
            found = selections.numbered(connection, number)
            move = _take if do == "remove" else _put
            count = move(connection, found, people, now)
    except PostduifError as fault:
        return _page(request, desk, number, fault, people=people)
    done = "taken out" if do == "remove" else "put in"
    noting.numbered(who, "selection.members", found, f"{count:,} {done}")
    return see(request, f"/selections/{number}", f"{count:,} {done}.")


@router.post("/{number:int}/about")
def describe(request: Request, desk: OfDesk, who: Editing, number: int, name: Typed = "", note: Typed = "") -> Response:
    """Another name or note; conditions and mailings that name it do so still."""
    try:
        at_most(1000, Note=note)
        with audience(desk.data_dir) as connection, transaction(connection):
            found = selections.numbered(connection, number)
            made = describe_selection(connection, desk.data_dir, found, name, note, who.by())
    except PostduifError as fault:
        return _page(request, desk, number, fault, about=(name, note))
    noting.renamed(who, found, made)
    return see(request, f"/selections/{number}", "It is stored.")


@router.get("/{number:int}/export.csv")
def export(who: Editing, number: int) -> Response:
    """Who is in it, as a file."""
    return audience_files.of_selection(who, number)


@router.post("/{number:int}/delete")
def delete(request: Request, desk: OfDesk, who: Editing, number: int) -> Response:
    """Away with it; the people stay. Refused while something needs it."""
    try:
        with audience(desk.data_dir) as connection, transaction(connection):
            found = selections.numbered(connection, number)
            refuse_if_awaited(desk.data_dir, "selections", found.name)
            selections.delete(connection, found, desk.clock.time())
    except PostduifError as fault:
        return _page(request, desk, number, fault)
    noting.numbered(who, "selection.deleted", found)
    return see(request, "/selections", f"{found.name} is gone. The people stay.")


def _page(
    request: Request,
    desk: Desk,
    number: int,
    fault: PostduifError | None = None,
    *,
    after: int = 0,
    behind: str = "",
    people: str = "",
    about: tuple[str, str] | None = None,
) -> Response:
    now, wrong, count, said, rows = desk.clock.time(), str(fault) if fault else "", None, None, []
    addresses: list[str] = []
    with audience(desk.data_dir) as connection:
        found = selections.numbered(connection, number)
        try:
            count = size(connection, found, desk.data_dir, now)
            asked = selections.compiled(connection, found, now)
            said = explain(connection, found.condition, asked, desk.data_dir)
            ids = members(connection, asked, desk.data_dir, after, AT_ONCE + 1)
            rows = selections.brief(connection, ids)
        except ConditionFault as broken:
            wrong = wrong or f"Nobody can be asked for: {broken.located(found.condition)}. Change the condition."
        if found.kind is SelectionKind.ADDRESSES:
            addresses = selections.addresses(connection, found, AT_ONCE + 1, behind)
    shown = slice_of(request, rows, AT_ONCE, lambda row: row["id"], name="after")
    listed = slice_of(request, addresses, AT_ONCE, str, name="behind")
    linked = linked_mailings(desk.data_dir, "selections", found.name)
    values = {"one": found, "count": count, "said": said, "members": shown, "addresses": listed, "linked": linked}
    typed = {"about": about or (found.name, found.note), "people": people, "wrong": wrong}
    return render(request, "selections/selection.html", status_of(fault) if fault else 200, **values, **typed)


def _form(
    request: Request, kind: str, wrong: str = "", *, name: str = "", note: str = "", people: str = ""
) -> Response:
    values = {"addresses": kind == SelectionKind.ADDRESSES, "name": name, "note": note, "people": people}
    return render(request, "selections/plain.html", 422 if wrong else 200, wrong=wrong, **values)


def _put(connection: sqlite3.Connection, one: Selection, people: str, now: float) -> int:
    if one.kind is SelectionKind.ADDRESSES:
        return selections.add_addresses(connection, one, _subjects(people), now)
    return selections.add_members(connection, one, ids_of(connection, people), now)


def _take(connection: sqlite3.Connection, one: Selection, people: str, now: float) -> int:
    if one.kind is SelectionKind.ADDRESSES:
        return selections.remove_addresses(connection, one, _subjects(people), now)
    return selections.remove_members(connection, one, ids_of(connection, people), now)


def _subjects(people: str) -> list[str]:
    found = []
    for text in named(people):
        try:
            found.append(check(text).subject)
        except AddressError as error:
            raise AddressError(f"{text[:100]!r} is no address: {error}. Correct or remove the line.") from None
    return found
