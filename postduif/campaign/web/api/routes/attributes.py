"""What can be known of people: attributes, and kinds of child records."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from postduif.campaign.audience import attributes
from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.web.api.caller import Administering, Editing, Looking
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import Line, Name, Shape

router = APIRouter(tags=["attributes"])
KindName = Literal["text", "number", "date", "boolean", "list"]
Declared = Annotated[str, Path(max_length=200)]


class AttributeIn(Shape):
    """One to be declared."""

    name: Name = Field(description="Small letters, digits and _.")
    kind: KindName
    label: Line = Field(default="", description="As people write it.")
    collection: Line = Field(default="", description="Of child records of this kind; empty: of people.")


class AttributeOut(Shape):
    """One that is declared."""

    name: str
    kind: KindName
    label: str
    collection: str


class CollectionIn(Shape):
    """A kind of child records to be declared."""

    name: Name
    key: Line = Field(default="", description="The attribute that tells the records of one person apart.")
    kind: KindName = Field(default="text", description="Of the key.")


class CollectionOut(Shape):
    """A kind of child records."""

    name: str
    key: str


class Attributes(Shape):
    """All of them."""

    items: list[AttributeOut]


class Collections(Shape):
    """All of them."""

    items: list[CollectionOut]


@router.get("/attributes")
def list_attributes(who: Looking) -> Attributes:
    """All, those of child records too."""
    with audience(who.desk.data_dir) as connection:
        kinds = ["", *attributes.collections(connection)]
        found = [_shown(one, of) for of in kinds for one in attributes.declared(connection, of).values()]
    return Attributes(items=found)


@router.post("/attributes", status_code=201)
def declare(who: Editing, given: AttributeIn) -> AttributeOut:
    """Declare one; the same again changes nothing."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        made = attributes.declare(connection, given.name, Kind(given.kind), given.label, given.collection)
    who.note("attribute.declared", _about(given.name, given.collection))
    return _shown(made, given.collection)


@router.delete("/attributes/{name}", status_code=204)
def remove(who: Administering, name: Declared, collection: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Take one away, with all its values."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        if name not in attributes.declared(connection, collection):
            raise Problem("not_found", f"There is no attribute {name!r}.")
        attributes.remove(connection, name, collection)
    who.note("attribute.removed", _about(name, collection))
    return Response(status_code=204)


@router.get("/collections")
def list_collections(who: Looking) -> Collections:
    """The kinds of child records."""
    with audience(who.desk.data_dir) as connection:
        found = attributes.collections(connection).values()
        return Collections(items=[CollectionOut.model_validate(one) for one in found])


@router.post("/collections", status_code=201)
def declare_collection(who: Editing, given: CollectionIn) -> CollectionOut:
    """Declare a kind of child records, as orders; the same again changes nothing."""
    with audience(who.desk.data_dir) as connection, transaction(connection):
        made = attributes.declare_collection(connection, given.name, given.key, Kind(given.kind))
    who.note("collection.declared", f"collection {given.name}", given.key)
    return CollectionOut.model_validate(made)


def _about(name: str, collection: str) -> str:
    return f"attribute {collection + '.' if collection else ''}{name}"


def _shown(one: attributes.Attribute, collection: str) -> AttributeOut:
    return AttributeOut(name=one.name, kind=one.kind.value, label=one.label, collection=collection)
