"""Projects: something that people take part in, each with a role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from postduif.campaign.audience import projects
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.campaign.renaming import describe_project
from postduif.campaign.web import audience_files, noting
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.people import IfMatch, etag_of, see_match
from postduif.campaign.web.api.routes.selections import MOST, Changed, Contacts, kept
from postduif.campaign.web.api.shape import CSV, After, Id, Limit, Line, Moment, Name, Number, Page, Shape, paged

router = APIRouter(prefix="/projects", tags=["projects"])


class ProjectIn(Shape):
    """A new one."""

    name: Name
    note: Line = ""


class ProjectPatch(Shape):
    """What is to be another; what is left out stays."""

    name: Name | None = Field(default=None, description="Mailings and conditions that name it go on with it.")
    note: Line | None = None


class ProjectOut(Shape):
    """One project."""

    id: int
    name: str
    note: str
    created: Moment
    members: int


class TakingPart(Shape):
    """People, and what they are in it."""

    contacts: Annotated[list[Id], Field(max_length=MOST)]
    role: Line = ""


class TakesPart(Shape):
    """Somebody who takes part."""

    id: int
    email: str
    role: str


@router.get("")
def list_projects(request: Request, who: Looking, after: After = 0, limit: Limit = 100) -> Page[ProjectOut]:
    """All, in the order in which they were made."""
    with audience(who.desk.data_dir) as connection:
        every = sorted((one for one in projects.listed(connection) if one.id > after), key=lambda one: one.id)
    return paged(request, every[: limit + 1], limit, lambda one: one.id, "after", ProjectOut.model_validate)


@router.post("", status_code=201)
def create(who: Editing, given: ProjectIn, response: Response) -> ProjectOut:
    """Make one."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        made = projects.create(connection, given.name, who.desk.clock.time(), given.note)
    noting.numbered(who, "project.added", made)
    response.headers["Location"] = f"/api/v1/projects/{made.id}"
    return _answer(response, made)


@router.get("/{number}")
def one(who: Looking, number: Number, response: Response) -> ProjectOut:
    """One of them."""
    with audience(who.desk.data_dir) as connection:
        return _answer(response, projects.numbered(connection, number))


@router.patch("/{number}")
def change(who: Editing, number: Number, given: ProjectPatch, response: Response, if_match: IfMatch = "") -> ProjectOut:
    """Another name or note."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = projects.numbered(connection, number)
        see_match(if_match, _etag(there))
        name, note = kept(given.name, there.name), kept(given.note, there.note)
        made = describe_project(connection, who.desk.data_dir, there, name, note, who.by())
    if (made.name, made.note) != (there.name, there.note):
        noting.renamed(who, there, made)
    return _answer(response, made)


@router.get("/{number}/export", response_class=Response, responses=CSV)
def export(who: Editing, number: Number) -> Response:
    """Who is in it, as a file."""
    return audience_files.of_project(who, number)


@router.delete("/{number}", status_code=204)
def delete(who: Editing, number: Number, if_match: IfMatch = "") -> Response:
    """Away with it; the people stay. Not while a mailing that is still to be prepared goes to it."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = projects.numbered(connection, number)
        see_match(if_match, _etag(there))
        refuse_if_awaited(who.desk.data_dir, "projects", there.name)
        projects.delete(connection, there)
    noting.numbered(who, "project.deleted", there)
    return Response(status_code=204)


@router.get("/{number}/members")
def list_members(
    request: Request, who: Looking, number: Number, after: After = 0, limit: Limit = 100
) -> Page[TakesPart]:
    """Who takes part, and as what."""
    with audience(who.desk.data_dir) as connection:
        rows = projects.members(connection, projects.numbered(connection, number), after, limit + 1)
    found = [TakesPart(id=id_, email=email, role=role) for id_, email, role in rows]
    return paged(request, found, limit, lambda one: one.id, "after", lambda one: one)


@router.post("/{number}/members")
def add_members(who: Editing, number: Number, given: TakingPart) -> Changed:
    """Put people into it, or give them another role. Who is not known is passed over."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = projects.numbered(connection, number)
        projects.add(connection, there, given.contacts, given.role)
        changed = projects.numbered(connection, number).members - there.members
    noting.numbered(who, "project.members", there, f"{changed:,} put in as {given.role or 'nothing'}")
    return Changed(changed=changed)


@router.post("/{number}/members/remove")
def remove_members(who: Editing, number: Number, given: Contacts) -> Changed:
    """Take people out of it."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = projects.numbered(connection, number)
        changed = projects.remove(connection, there, given.contacts)
    noting.numbered(who, "project.members", there, f"{changed:,} taken out")
    return Changed(changed=changed)


def _etag(one: projects.Project) -> str:
    """Of what is said of it; who is in it comes and goes without."""
    return etag_of([one.id, one.name, one.note])


def _answer(response: Response, one: projects.Project) -> ProjectOut:
    response.headers["ETag"] = _etag(one)
    return ProjectOut.model_validate(one)
