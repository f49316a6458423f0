"""People: looked for, entered, changed, erased."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from postduif.campaign import forgetting
from postduif.campaign.audience import contacts, correcting, selections
from postduif.campaign.audience.attributes import declared
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.searching import EVERYBODY, search
from postduif.campaign.database import transaction
from postduif.campaign.web import audience_files
from postduif.campaign.web.api import people
from postduif.campaign.web.api.caller import Administering, Caller, Editing, Looking
from postduif.campaign.web.api.people import IfMatch, Ref, Value
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.routes.contact import shown
from postduif.campaign.web.api.shape import CSV, Before, Filter, Limit, Line, Moment, Page, Shape, paged

router = APIRouter(prefix="/contacts", tags=["contacts"])
KIND = "api"


class ContactIn(Shape):
    """What is known of somebody, whole: what is left out is emptied."""

    name: Line = ""
    language: Line = Field(default="", description="As `nl` or `en`.")
    attributes: dict[str, Value] = Field(default={}, description="By name; null empties.")


class NewContact(ContactIn):
    """Somebody new."""

    email: Line


class ContactPatch(Shape):
    """What is to be another; what is left out stays."""

    email: Line | None = Field(
        default=None, min_length=1, description="Another address: what was refused at the old one still is."
    )
    name: Line | None = None
    language: Line | None = None
    attributes: dict[str, Value] = Field(default={}, description="By name; null empties.")


class Brief(Shape):
    """Somebody in a list."""

    id: int
    email: str
    name: str
    language: str
    invalid: str = Field(description="Why the address is none; empty when it is one.")
    created: Moment


class OriginOut(Shape):
    """Where somebody came from."""

    kind: str
    name: str
    at: Moment


class ContactOut(Shape):
    """Somebody, with all that is known."""

    id: int
    email: str
    invalid: str = Field(description="Why the address is none; empty when it is one.")
    name: str | None
    language: str | None
    created: Moment
    changed: Moment
    attributes: dict[str, Value]
    records: dict[str, list[dict[str, Any]]] = Field(description="Child records, by kind.")
    selections: list[str] = Field(description="Static ones; who is in a dynamic one, that one says.")
    projects: dict[str, str] = Field(description="The role in each.")
    sources: list[OriginOut] = Field(description="Where they came from.")


@router.get("")
def list_contacts(
    request: Request,
    who: Looking,
    text: Filter = "",
    selection: Filter = "",
    condition: Annotated[str, Query(max_length=4000)] = "",
    before: Before = 0,
    limit: Limit = 100,
) -> Page[Brief]:
    """People with `text` in address or name, in a selection (by name), or for whom a condition holds; newest first."""
    if selection and condition:
        raise Problem("invalid", "A selection or a condition, not both.", remedy='Write in "NAME" in the condition.')
    with audience(who.desk.data_dir) as connection:
        asked = _asked(connection, selection, condition, who.desk.clock.time())
        found = search(connection, who.desk.data_dir, text, asked, before, limit + 1)
    return paged(request, found, limit, lambda one: one.id, "before", Brief.model_validate)


@router.get("/export", response_class=Response, responses=CSV)
def export(who: Editing, text: Filter = "", condition: Annotated[str, Query(max_length=4000)] = "") -> Response:
    """The same as a file, in the order of their numbers, with their attributes: what an import takes back."""
    return audience_files.everybody(who, text, condition)


@router.post("", status_code=201)
def create(who: Editing, given: NewContact, response: Response) -> ContactOut:
    """Enter somebody who is not known: 409 `exists` has the `id` of who is."""
    with audience(who.desk.data_dir) as connection:
        with transaction(connection):
            if (there := contacts.find(connection, given.email)) is not None:
                raise Problem("exists", "Somebody with this address is known.", id=there)
            number = _save(connection, who, given.email, _all_of(connection, given))
        _added(who, number, response)
        return _answer(connection, number, response)


@router.get("/{ref}")
def one(who: Looking, ref: Ref, response: Response) -> ContactOut:
    """Somebody, with an ETag of what can be changed."""
    with audience(who.desk.data_dir) as connection:
        return _answer(connection, people.of(connection, ref), response)


@router.put("/{ref}")
def put(
    who: Editing,
    ref: Ref,
    given: ContactIn,
    response: Response,
    if_match: IfMatch = "",
    if_none_match: Annotated[str, Header(max_length=1000, description="*: only if nobody is known so.")] = "",
) -> ContactOut:
    """Have it just so. By address, who is not known is entered (201)."""
    if if_none_match.strip() not in ("", "*"):
        raise Problem("invalid", "If-None-Match is * here.", remedy="Write *, or leave it out.")
    with audience(who.desk.data_dir) as connection:
        with transaction(connection):
            there = people.found(connection, ref)
            if there is None:
                if if_match or ref.isdigit():
                    people.of(connection, ref)
                number, changed = _save(connection, who, ref, _all_of(connection, given)), []
            else:
                if if_none_match:
                    raise Problem("changed", "Somebody is known so.")
                people.see_match(if_match, people.etag(contacts.profile(connection, there)))
                changed = contacts.change(connection, there, _all_of(connection, given), who.desk.clock.time())
                number = there
        if there is None:
            response.status_code = 201
            _added(who, number, response)
        _note(who, number, changed)
        return _answer(connection, number, response)


@router.patch("/{ref}")
def patch(who: Editing, ref: Ref, given: ContactPatch, response: Response, if_match: IfMatch = "") -> ContactOut:
    """Set what is given. With `email`, it is another address for the same person."""
    now, corrected = who.desk.clock.time(), False
    with audience(who.desk.data_dir) as connection:
        number = people.of(connection, ref)
        people.see_match(if_match, people.etag(contacts.profile(connection, number)))
        if given.email:
            contacts.see_values(connection, people.texts(connection, given.attributes))  # before the MTA is told
            correcting.take_along(connection, who.desk.ask, number, given.email, who.name)
        with transaction(connection):
            people.see_match(if_match, people.etag(contacts.profile(connection, number)))
            said = {name: text for name in contacts.BUILT_IN if (text := getattr(given, name)) is not None}
            said |= people.texts(connection, given.attributes)
            changed = contacts.change(connection, number, said, now)
            if given.email and given.email != contacts.profile(connection, number)["email"]:
                contacts.correct(connection, number, given.email, now)
                corrected = True
        _note(who, number, changed)
        if corrected:
            who.note("contact.corrected", f"contact {number}", "address")
        return _answer(connection, number, response)


@router.delete("/{ref}", status_code=204)
def erase(
    who: Administering, ref: Ref, reason: Annotated[str, Query(min_length=1, max_length=1000)], if_match: IfMatch = ""
) -> Response:
    """All that is on file about somebody goes; a hash stays that refuses mail. `reason`: who asked for it, and when."""
    with audience(who.desk.data_dir) as connection:
        number = people.of(connection, ref)
        people.see_match(if_match, people.etag(contacts.profile(connection, number)))
        forgetting.erase(connection, who.desk.data_dir, who.desk.ask, f"#{number}", who.by(reason))
    who.note("contact.erased", f"contact {number}", reason)
    return Response(status_code=204)


def _asked(connection: sqlite3.Connection, selection: str, condition: str, now: float) -> Compiled:
    if selection:
        return selections.compiled(connection, selections.named(connection, selection), now)
    return selections.compiled_condition(connection, condition, now) if condition.strip() else EVERYBODY


def _all_of(connection: sqlite3.Connection, given: ContactIn) -> dict[str, str]:
    """All that there is: what is not given is empty."""
    empty = dict.fromkeys(declared(connection), "")
    said = people.texts(connection, given.attributes)
    return {"name": given.name, "language": given.language} | empty | said


def _save(connection: sqlite3.Connection, who: Caller, email: str, said: dict[str, str]) -> int:
    return contacts.save(connection, email, said, who.desk.clock.time(), KIND, who.bearer.token.title or who.name)


def _added(who: Caller, number: int, response: Response) -> None:
    who.note("contact.added", f"contact {number}")
    response.headers["Location"] = f"/api/v1/contacts/{number}"


def _note(who: Caller, number: int, changed: list[str]) -> None:
    if changed:
        who.note("contact.changed", f"contact {number}", ", ".join(changed))


def _answer(connection: sqlite3.Connection, number: int, response: Response) -> ContactOut:
    found = contacts.profile(connection, number)
    response.headers["ETag"] = people.etag(found)
    return ContactOut(
        **{name: found[name] for name in ("id", "email", "invalid", "name", "language", "created", "changed")},
        attributes={name: list(one) if isinstance(one, tuple) else one for name, one in found["attributes"].items()},
        records={name: [shown(row) for row in rows] for name, rows in found["records"].items()},
        selections=[row["name"] for row in found["selections"]],
        projects={row["name"]: row["role"] for row in found["projects"]},
        sources=[OriginOut(**row) for row in found["sources"]],
    )
