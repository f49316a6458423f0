"""Types of mail: what people ask for and unsubscribe from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.database import transaction
from postduif.campaign.mailings.linked import refuse_if_awaited
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.people import IfMatch, etag_of, see_match
from postduif.campaign.web.api.shape import Line, Shape

router = APIRouter(prefix="/mail-types", tags=["types of mail"])
TypeName = Annotated[str, Path(max_length=200)]


class TypeIn(Shape):
    """What is decided of a type."""

    title: Line = Field(default="", description="What people read; empty: the name.")
    description: Line = ""
    everybody: bool = Field(description="It goes to everybody who has not unsubscribed; else only to who asked.")
    confirm: bool = Field(default=False, description="Who asks gets it only after following a link (double opt-in).")
    offered: bool = Field(default=True, description="On the preference page of every reader; else of who asked alone.")


class TypeOut(Shape):
    """A type of mail."""

    name: str
    title: str
    description: str
    everybody: bool
    confirm: bool
    offered: bool


class Types(Shape):
    """All of them."""

    items: list[TypeOut]


@router.get("")
def list_types(who: Looking) -> Types:
    """All, by name."""
    with audience(who.desk.data_dir) as connection:
        return Types(items=[TypeOut.model_validate(one) for one in subscriptions.types(connection).values()])


@router.get("/{name}")
def one(who: Looking, name: TypeName, response: Response) -> TypeOut:
    """One of them."""
    with audience(who.desk.data_dir) as connection:
        return _answer(response, subscriptions.type_named(connection, name))


@router.put("/{name}")
def save(who: Editing, name: TypeName, given: TypeIn, response: Response, if_match: IfMatch = "") -> TypeOut:
    """Make it, or change the one of that name."""
    made = SubscriptionType(name, given.title or name, given.description, given.everybody, given.confirm, given.offered)
    with audience(who.desk.data_dir) as connection, transaction(connection):
        there = name.lower() in {one.lower() for one in subscriptions.types(connection)}
        if if_match:
            see_match(if_match, etag_of(subscriptions.type_named(connection, name)))
        subscriptions.save_type(connection, made)
        stored = subscriptions.type_named(connection, name)  # one that was there keeps its letters
    who.note("type.changed" if there else "type.added", f"type {name}")
    return _answer(response, stored)


@router.delete("/{name}", status_code=204)
def delete(who: Editing, name: TypeName, if_match: IfMatch = "") -> Response:
    """Away with it; the proofs stay."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        see_match(if_match, etag_of(subscriptions.type_named(connection, name)))
        refuse_if_awaited(who.desk.data_dir, "types", name)
        subscriptions.delete_type(connection, name)
    who.note("type.deleted", f"type {name}")
    return Response(status_code=204)


def _answer(response: Response, made: SubscriptionType) -> TypeOut:
    response.headers["ETag"] = etag_of(made)
    return TypeOut.model_validate(made)
