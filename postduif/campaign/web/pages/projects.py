"""Projects: what people take part in, and in which role."""

from __future__ import annotations

import sqlite3

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.audience import projects
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.projects import Project
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import linked_mailings, refuse_if_awaited
from postduif.campaign.renaming import describe_project
from postduif.campaign.web import audience_files, noting
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.people_named import ids_of
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.errors import PostduifError

router = APIRouter(prefix="/projects")

AT_ONCE = 50


@router.get("")
def everything(request: Request, desk: OfDesk, _: Looking) -> Response:
    """All projects, and the form for one more."""
    return _list(request, desk)


@router.post("")
def create(request: Request, desk: OfDesk, who: Editing, name: Typed = "", note: Typed = "") -> Response:
    """One more."""
    try:
        at_most(1000, Note=note)
        with audience(desk.data_dir) as connection, transaction(connection):
            made = projects.create(connection, name, desk.clock.time(), note.strip())
    except PostduifError as fault:
        return _list(request, desk, str(fault), name=name, note=note)
    noting.numbered(who, "project.added", made)
    return see(request, f"/projects/{made.id}", f"{made.name} is there. Put people in.")


@router.get("/{number:int}")
def one(request: Request, desk: OfDesk, _: Looking, number: int, after: Cursor = 0) -> Response:
    """Who is in it, and as what."""
    return _page(request, desk, number, after=after)


@router.post("/{number:int}/members")
def change_members(
    request: Request, desk: OfDesk, who: Editing, number: int, do: Typed = "add", people: Typed = "", role: Typed = ""
) -> Response:
    """Put people in with a role, or give them another one; or take them out. One whom nobody knows, and nothing is."""
    try:
        at_most(500, Role=role)
        with audience(desk.data_dir) as connection, transaction(connection):
            found = projects.numbered(connection, number)
            said = _moved(connection, found, ids_of(connection, people), do, role)
    except PostduifError as fault:
        return _page(request, desk, number, fault, people=people, role=role)
    noting.numbered(who, "project.members", found, said)
    return see(request, f"/projects/{number}", f"{said}.")


@router.post("/{number:int}/about")
def describe(request: Request, desk: OfDesk, who: Editing, number: int, name: Typed = "", note: Typed = "") -> Response:
    """Another name or note; conditions and mailings that name it do so still."""
    try:
        at_most(1000, Note=note)
        with audience(desk.data_dir) as connection, transaction(connection):
            found = projects.numbered(connection, number)
            made = describe_project(connection, desk.data_dir, found, name, note, who.by())
    except PostduifError as fault:
        return _page(request, desk, number, fault, about=(name, note))
    noting.renamed(who, found, made)
    return see(request, f"/projects/{number}", "It is stored.")


@router.get("/{number:int}/export.csv")
def export(who: Editing, number: int) -> Response:
    """Who is in it, as a file."""
    return audience_files.of_project(who, number)


@router.post("/{number:int}/delete")
def delete(request: Request, desk: OfDesk, who: Editing, number: int) -> Response:
    """Away with it; the people stay. Refused while a mailing waits to go to it."""
    try:
        with audience(desk.data_dir) as connection, transaction(connection):
            found = projects.numbered(connection, number)
            refuse_if_awaited(desk.data_dir, "projects", found.name)
            projects.delete(connection, found)
    except PostduifError as fault:
        return _page(request, desk, number, fault)
    noting.numbered(who, "project.deleted", found)
    return see(request, "/projects", f"{found.name} is gone. The people stay.")


def _moved(connection: sqlite3.Connection, one: Project, ids: list[int], do: str, role: str) -> str:
    if do == "remove":
        return f"{projects.remove(connection, one, ids):,} taken out"
    projects.add(connection, one, ids, role)
    return f"{len(ids):,} in it as {role.strip()}" if role.strip() else f"{len(ids):,} in it, without a role"


def _list(request: Request, desk: Desk, wrong: str = "", *, name: str = "", note: str = "") -> Response:
    with audience(desk.data_dir) as connection:
        found = projects.listed(connection)
    values = {"projects": found, "name": name, "note": note, "wrong": wrong}
    return render(request, "projects/list.html", 422 if wrong else 200, **values)


def _page(
    request: Request,
    desk: Desk,
    number: int,
    fault: PostduifError | None = None,
    *,
    after: int = 0,
    people: str = "",
    role: str = "",
    about: tuple[str, str] | None = None,
) -> Response:
    with audience(desk.data_dir) as connection:
        found = projects.numbered(connection, number)
        rows = projects.members(connection, found, after, AT_ONCE + 1)
        roles = projects.roles(connection, found)
    shown = slice_of(request, rows, AT_ONCE, lambda row: row[0], name="after")
    linked = linked_mailings(desk.data_dir, "projects", found.name)
    values = {"one": found, "members": shown, "roles": roles, "linked": linked, "people": people, "role": role}
    values["about"] = about or (found.name, found.note)
    status = status_of(fault) if fault else 200
    return render(request, "projects/project.html", status, wrong=str(fault) if fault else "", **values)
