"""What belongs to one person: types of mail with the proofs, and child records."""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from postduif.campaign.audience import attributes, contacts, records, subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.standing import standings
from postduif.campaign.audience.subscriptions import Proof
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.withdrawing import withdraw
from postduif.campaign.copying import copy_of
from postduif.campaign.database import transaction
from postduif.campaign.web.api import people
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.people import IfMatch, Ref, Value, etag_of, see_match
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import After, Limit, Line, Moment, Number, Page, Shape, paged, rfc3339

router = APIRouter(prefix="/contacts/{ref}", tags=["contacts"])
T = TypeVar("T")
KindOfRecord = Annotated[str, Path(max_length=200, description="A kind of child records.")]


class StandingOut(Shape):
    """What somebody is for one type of mail."""

    type: str
    title: str
    words: str = Field(description="everybody gets it, confirmed, unconfirmed, not asked or unsubscribed.")
    gets: bool = Field(description="Mail of this type goes to them, as far as the type is concerned.")
    since: Moment | None


class Standings(Shape):
    """For each type of mail."""

    items: list[StandingOut]


class ConsentIn(Shape):
    """What somebody said, with the proof of it."""

    type: Line = Field(description="A type of mail; of `withdrawn` also empty, for all mail.")
    event: Literal["asked", "confirmed", "withdrawn"] = Field(
        description="`asked` sends no mail: who has to confirm by a link is signed up by `POST /forms/{name}/answers`."
    )
    wording: Annotated[str, Field(min_length=1, max_length=1000)] = Field(description="The text that they agreed to.")
    origin: Line = Field(default="", description="The network address that they came from.")


class ConsentOut(Shape):
    """A row of proof."""

    type: str
    event: str
    at: Moment
    origin: str
    wording: str
    source: str


class Consents(Shape):
    """All proofs, the first first."""

    items: list[ConsentOut]


class RecordIn(Shape):
    """A child record."""

    email: Line = Field(default="", description="Its own address.")
    values: dict[str, Value] = Field(default={})


class RecordKey(Shape):
    """Which one it is."""

    id: int


@router.get("/subscriptions")
def list_subscriptions(who: Looking, ref: Ref) -> Standings:
    """Which types of mail they get, and why not the others."""
    with audience(who.desk.data_dir) as connection, suppression_link(who.desk.data_dir) as link:
        number = people.of(connection, ref)
        about = link.about(contacts.profile(connection, number)["subject"])
        found = standings(connection, number, about.entries)
    rows = [one._asdict() | {"type": one.type.name, "title": one.type.title} for one in found]
    return Standings(items=[StandingOut(**row) for row in rows])


@router.get("/consent")
def list_consent(who: Looking, ref: Ref, response: Response) -> Consents:
    """The proofs of what they agreed to and took back, with the ETag of them all."""
    with audience(who.desk.data_dir) as connection:
        found = contacts.profile(connection, people.of(connection, ref))
    response.headers["ETag"] = _etag_of_proofs(found)
    return Consents(items=[ConsentOut(**row) for row in found["consent"]])


@router.post("/consent", status_code=201)
def consent(who: Editing, ref: Ref, given: ConsentIn, response: Response, if_match: IfMatch = "") -> Standings:
    """They asked for a type, confirmed it, or want no more of it, which holds at once. The proof is kept. If-Match is
    about the proofs that there are; for `withdrawn` those when the call comes: what is added then does not stop it."""
    proof = Proof(who.desk.clock.time(), given.wording, who.name, given.origin)
    with audience(who.desk.data_dir) as connection:
        number = people.of(connection, ref)
        if given.event == "withdrawn":
            see_match(if_match, _etag_of_proofs(contacts.profile(connection, number)))
            withdraw(connection, who.desk.ask, number, given.type, proof)
        else:
            do = subscriptions.ask if given.event == "asked" else subscriptions.confirm
            with transaction(connection):
                see_match(if_match, _etag_of_proofs(contacts.profile(connection, number)))
                do(connection, number, subscriptions.type_named(connection, given.type), proof)
        response.headers["ETag"] = _etag_of_proofs(contacts.profile(connection, number))
    return list_subscriptions(who, ref)


@router.get("/copy")
def copy(who: Looking, ref: Ref) -> dict[str, Any]:
    """All that is on file, everywhere: what they have a right to, as the page gives it. Times in it are seconds since
    1970 in UTC."""
    with audience(who.desk.data_dir) as connection:
        number = people.of(connection, ref)
        found = copy_of(connection, who.desk.data_dir, number)
    who.note("contact.exported", f"contact {number}")
    return found


@router.get("/records/{collection}")
def list_records(
    request: Request, who: Looking, ref: Ref, collection: KindOfRecord, after: After = 0, limit: Limit = 100
) -> Page[dict[str, Any]]:
    """Their child records of that kind, by number."""
    with audience(who.desk.data_dir) as connection:
        found = _records(connection, people.of(connection, ref), collection)
    rows = [row for number, row in sorted(found.items()) if number > after]
    return paged(request, rows[: limit + 1], limit, itemgetter("id"), "after", shown)


@router.get("/records/{collection}/{number}")
def one_record(who: Looking, ref: Ref, collection: KindOfRecord, number: Number, response: Response) -> dict[str, Any]:
    """One of them."""
    with audience(who.desk.data_dir) as connection:
        found = _numbered(_records(connection, people.of(connection, ref), collection), number)
    response.headers["ETag"] = etag_of(found)
    return shown(found)


@router.post("/records/{collection}", status_code=201)
def put_record(
    who: Editing, ref: Ref, collection: KindOfRecord, given: RecordIn, response: Response, if_match: IfMatch = ""
) -> RecordKey:
    """Enter one; of a kind with a key, one with that key is changed, which is the one that If-Match is about."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        number = people.of(connection, ref)
        kind = _of_kind(attributes.collections(connection), collection)
        texts = people.texts(connection, given.values, collection)
        before = _records(connection, number, collection)
        made = records.put(connection, number, kind, texts, given.email, who.desk.clock.time())
        if if_match:  # which one it is, was not known before; a Problem undoes it
            see_match(if_match, etag_of(_numbered(before, made)))
        response.headers["ETag"] = etag_of(_records(connection, number, collection)[made])
    who.note("contact.changed", f"contact {number}", f"{collection} {made}")
    return RecordKey(id=made)


@router.delete("/records/{collection}/{number}", status_code=204)
def remove_record(who: Editing, ref: Ref, collection: KindOfRecord, number: Number, if_match: IfMatch = "") -> Response:
    """Take one away."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        kind = _of_kind(attributes.collections(connection), collection)
        contact = people.of(connection, ref)
        see_match(if_match, etag_of(_numbered(_records(connection, contact, collection), number)))
        records.remove(connection, contact, kind, number)
    who.note("contact.changed", f"contact {contact}", f"{collection} {number} removed")
    return Response(status_code=204)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A record as JSON has it."""
    return row | {"created": rfc3339(row["created"]), "changed": rfc3339(row["changed"])}


def _etag_of_proofs(profile: dict[str, Any]) -> str:
    return etag_of([profile["id"], profile["consent"]])


def _records(connection: sqlite3.Connection, contact: int, collection: str) -> dict[int, dict[str, Any]]:
    """Those that somebody has of that kind, by number. Raises Problem."""
    rows = _of_kind(contacts.profile(connection, contact)["records"], collection)
    return {row["id"]: row for row in rows}


def _numbered(found: dict[int, dict[str, Any]], number: int) -> dict[str, Any]:
    if number not in found:
        raise Problem("not_found", "They have no child record of that number.")
    return found[number]


def _of_kind(known: dict[str, T], name: str) -> T:
    if name not in known:
        raise Problem("not_found", "There are no child records of that kind.")
    return known[name]
