"""Selections: people chosen one by one, by a condition, and lists of addresses that only exclude."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from postduif.campaign.audience import selections
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import key_of
from postduif.campaign.audience.counting import count, members, size
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.campaign.renaming import describe_selection
from postduif.campaign.web import audience_files, noting
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.people import IfMatch, etag_of, see_match
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import (
    CSV,
    After,
    AfterText,
    Id,
    Limit,
    Line,
    Moment,
    Name,
    Number,
    Page,
    Shape,
    paged,
)

router = APIRouter(prefix="/selections", tags=["selections"])
Condition = Annotated[str, StringConstraints(max_length=20_000)]
MOST = 50_000
_ADDRESSES = 10_000


class SelectionIn(Shape):
    """A new one."""

    name: Name
    kind: Literal["static", "dynamic", "addresses"]
    condition: Condition = Field(default="", description="Of a dynamic one: docs/audience.md has the language.")
    note: Line = ""


class ConditionIn(Shape):
    """Who is meant."""

    condition: Condition


class SelectionPatch(Shape):
    """What is to be another; what is left out stays."""

    name: Name | None = Field(default=None, description="Mailings and conditions that name it go on with it.")
    condition: Condition | None = Field(default=None, description="Of a dynamic one.")
    note: Line | None = None


class SelectionOut(Shape):
    """One selection."""

    id: int
    name: str
    kind: Literal["static", "dynamic", "addresses"]
    condition: str
    note: str
    created: Moment
    changed: Moment


class Count(Shape):
    """How many."""

    count: int


class MemberOut(Shape):
    """Somebody who is in it."""

    id: int
    email: str
    name: str | None


class Contacts(Shape):
    """Some people, by number."""

    contacts: Annotated[list[Id], Field(max_length=MOST)]


class Addresses(Shape):
    """Some addresses."""

    addresses: Annotated[list[Line], Field(max_length=_ADDRESSES)]


class Changed(Shape):
    """What came of it."""

    changed: int = Field(description="How many are in it now and were not before, or the other way around.")


@router.get("")
def list_selections(request: Request, who: Looking, after: After = 0, limit: Limit = 100) -> Page[SelectionOut]:
    """All, in the order in which they were made."""
    with audience(who.desk.data_dir) as connection:
        every = sorted((one for one in selections.listed(connection) if one.id > after), key=lambda one: one.id)
    return paged(request, every[: limit + 1], limit, lambda one: one.id, "after", _shown)


@router.post("", status_code=201)
def create(who: Editing, given: SelectionIn, response: Response) -> SelectionOut:
    """Make one."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        kind, now = SelectionKind(given.kind), who.desk.clock.time()
        made = selections.create(connection, given.name, kind, now, given.condition, given.note)
    noting.numbered(who, "selection.added", made)
    response.headers["Location"] = f"/api/v1/selections/{made.id}"
    return _answer(response, made)


@router.post("/count")
def count_condition(who: Looking, given: ConditionIn) -> Count:
    """How many people a condition means that is not stored."""
    with audience(who.desk.data_dir) as connection:
        asked = selections.compiled_condition(connection, given.condition, who.desk.clock.time())
        return Count(count=count(connection, asked, who.desk.data_dir))


@router.get("/{number}")
def one(who: Looking, number: Number, response: Response) -> SelectionOut:
    """One of them."""
    with audience(who.desk.data_dir) as connection:
        return _answer(response, selections.numbered(connection, number))


@router.patch("/{number}")
def change(
    who: Editing, number: Number, given: SelectionPatch, response: Response, if_match: IfMatch = ""
) -> SelectionOut:
    """Another name, condition or note."""
    now = who.desk.clock.time()
    with audience(who.desk.data_dir) as connection, transaction(connection):
        made = there = selections.numbered(connection, number)
        see_match(if_match, _etag(there))
        if given.condition is not None:
            selections.change_condition(connection, there, given.condition, now)
            made = selections.numbered(connection, number)
        if given.name is not None or given.note is not None:
            name, note = kept(given.name, there.name), kept(given.note, there.note)
            made = describe_selection(connection, who.desk.data_dir, there, name, note, who.by())
    if given.condition is not None:
        noting.numbered(who, "selection.changed", made, given.condition)
    if (made.name, made.note) != (there.name, there.note):
        noting.renamed(who, there, made)
    return _answer(response, made)


@router.get("/{number}/export", response_class=Response, responses=CSV)
def export(who: Editing, number: Number) -> Response:
    """Who is in it, as a file."""
    return audience_files.of_selection(who, number)


@router.delete("/{number}", status_code=204)
def delete(who: Editing, number: Number, if_match: IfMatch = "") -> Response:
    """Away with it; the people stay. Not while a mailing that is still to be prepared goes to it."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = selections.numbered(connection, number)
        see_match(if_match, _etag(there))
        refuse_if_awaited(who.desk.data_dir, "selections", there.name)
        selections.delete(connection, there, who.desk.clock.time())
    noting.numbered(who, "selection.deleted", there)
    return Response(status_code=204)


@router.get("/{number}/count")
def count_members(who: Looking, number: Number) -> Count:
    """How many are in it now."""
    with audience(who.desk.data_dir) as connection:
        there = selections.numbered(connection, number)
        return Count(count=size(connection, there, who.desk.data_dir, who.desk.clock.time()))


@router.get("/{number}/members")
def list_members(
    request: Request, who: Looking, number: Number, after: After = 0, limit: Limit = 100
) -> Page[MemberOut]:
    """Who is in it now. A list of addresses has none."""
    with audience(who.desk.data_dir) as connection:
        there = selections.numbered(connection, number)
        if there.kind is SelectionKind.ADDRESSES:
            raise Problem("invalid", "This is a list of addresses.", remedy="Ask for its addresses.")
        asked = selections.compiled(connection, there, who.desk.clock.time())
        ids = members(connection, asked, who.desk.data_dir, after, limit + 1)
        found = [MemberOut.model_validate(row) for row in selections.brief(connection, ids)]
    return paged(request, found, limit, lambda one: one.id, "after", lambda one: one)


@router.post("/{number}/members")
def add_members(who: Editing, number: Number, given: Contacts) -> Changed:
    """Put people into a static one. Who is not known is passed over."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = selections.numbered(connection, number)
        changed = selections.add_members(connection, there, given.contacts, who.desk.clock.time())
    noting.numbered(who, "selection.members", there, f"{changed:,} put in")
    return Changed(changed=changed)


@router.post("/{number}/members/remove")
def remove_members(who: Editing, number: Number, given: Contacts) -> Changed:
    """Take people out of a static one."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = selections.numbered(connection, number)
        changed = selections.remove_members(connection, there, given.contacts, who.desk.clock.time())
    noting.numbered(who, "selection.members", there, f"{changed:,} taken out")
    return Changed(changed=changed)


@router.get("/{number}/addresses")
def list_addresses(
    request: Request, who: Looking, number: Number, after: AfterText = "", limit: Limit = 100
) -> Page[str]:
    """What is on a list of addresses, in their order."""
    with audience(who.desk.data_dir) as connection:
        there = selections.numbered(connection, number)
        found = selections.addresses(connection, there, limit + 1, after)
    return paged(request, found, limit, str, "after", str)


@router.post("/{number}/addresses")
def add_addresses(who: Editing, number: Number, given: Addresses) -> Changed:
    """Put addresses on a list of addresses."""
    subjects = [key_of(one) for one in given.addresses]
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = selections.numbered(connection, number)
        changed = selections.add_addresses(connection, there, subjects, who.desk.clock.time())
    noting.numbered(who, "selection.members", there, f"{changed:,} put in")
    return Changed(changed=changed)


@router.post("/{number}/addresses/remove")
def remove_addresses(who: Editing, number: Number, given: Addresses) -> Changed:
    """Take addresses from a list of addresses."""
    subjects = [key_of(one) for one in given.addresses]
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = selections.numbered(connection, number)
        changed = selections.remove_addresses(connection, there, subjects, who.desk.clock.time())
    noting.numbered(who, "selection.members", there, f"{changed:,} taken out")
    return Changed(changed=changed)


def kept(given: str | None, there: str) -> str:
    """What is there, if nothing is given."""
    return there if given is None else given


def _etag(one: selections.Selection) -> str:
    """Of what is said of it; who is in it comes and goes without."""
    return etag_of([one.id, one.name, one.condition, one.note])


def _answer(response: Response, one: selections.Selection) -> SelectionOut:
    response.headers["ETag"] = _etag(one)
    return _shown(one)


def _shown(one: selections.Selection) -> SelectionOut:
    return SelectionOut(**one._asdict() | {"kind": one.kind.value})
