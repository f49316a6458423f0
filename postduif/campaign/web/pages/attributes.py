"""Attributes of people and of their child records: declared, and taken away with all values."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.audience import attributes
from postduif.campaign.audience.attributes import AttributeFault, Kind, collections, declared, name_of
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.web import noting
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Administering, Editing, Looking, OfDesk, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/attributes")

_Short = Annotated[str, Form(max_length=200)]


@router.get("")
def everything(request: Request, desk: OfDesk, _: Looking) -> Response:
    """All, those of child records too, with how many people have a value."""
    return _page(request, desk)


@router.post("")
def declare(
    request: Request, desk: OfDesk, who: Editing, label: Typed = "", kind: _Short = "", of: _Short = ""
) -> Response:
    """One more; its name in conditions and templates is made of the label."""
    try:
        at_most(200, Label=label)
        with audience(desk.data_dir) as connection, transaction(connection):
            name = _free_name(label)
            if name in declared(connection, of):
                raise AttributeFault(f"There is {name} already. Choose another name.")
            made = attributes.declare(connection, name, _kind(kind), " ".join(label.split()), of)
    except PostduifError as fault:
        return _page(request, desk, str(fault), label=label, kind=kind, of=of)
    _note(desk, who, "attribute.declared", made.name, of)
    return see(request, "/attributes", f"{made.label} is there, as {made.name} in conditions and templates.")


@router.post("/records")
def declare_records(
    request: Request, desk: OfDesk, who: Editing, name: Typed = "", key: Typed = "", kind: _Short = ""
) -> Response:
    """A new kind of child record."""
    try:
        at_most(200, Name=name, **{"What tells them apart": key})
        with audience(desk.data_dir) as connection, transaction(connection):
            wanted = _free_name(name)
            if wanted in collections(connection):
                raise AttributeFault(f"There are {wanted} already. Choose another name.")
            of = name_of(key) if key.strip() else ""
            made = attributes.declare_collection(connection, wanted, of, _kind(kind))
    except PostduifError as fault:
        return _page(request, desk, str(fault), records=name, key=key)
    noting.note(who, "collection.declared", f"collection {made.name}", made.key)
    return see(request, "/attributes", f"People may have {made.name} now. Give them attributes, and import a file.")


@router.get("/remove")
def ask(request: Request, desk: OfDesk, _: Administering, name: str = "", of: str = "") -> Response:
    """What goes with it."""
    with audience(desk.data_dir) as connection:
        found = declared(connection, of).get(name)
        if found is None:
            raise AttributeFault(f"There is no attribute {name} any more.")
        filled = attributes.filled(connection, of).get(name, 0)
    return render(request, "attribute_remove.html", one=found, of=of, filled=filled)


@router.post("/remove")
def remove(request: Request, desk: OfDesk, who: Administering, name: _Short = "", of: _Short = "") -> Response:
    """Away with it, and with all values."""
    with audience(desk.data_dir) as connection, transaction(connection):
        attributes.remove(connection, name, of)
    _note(desk, who, "attribute.removed", name, of)
    return see(request, "/attributes", f"{name} is gone, with all its values.")


def _free_name(label: str) -> str:
    name = name_of(label)
    if not name:
        raise AttributeFault("Write a name with a letter in it.")
    return name


def _kind(text: str) -> Kind:
    if text not in list(Kind):
        raise AttributeFault(f"A kind is one of {', '.join(Kind)}.")
    return Kind(text)


def _page(
    request: Request,
    desk: Desk,
    wrong: str = "",
    *,
    label: str = "",
    kind: str = Kind.TEXT.value,
    of: str = "",
    records: str = "",
    key: str = "",
) -> Response:
    with audience(desk.data_dir) as connection:
        kinds = collections(connection)
        tables = [
            (name, list(declared(connection, name).values()), attributes.filled(connection, name))
            for name in ("", *kinds)
        ]
        totals = {name: attributes.rows_of(connection, name) for name in ("", *kinds)}
    typed = {"label": label, "kind": kind, "of": of, "records": records, "key": key}
    values = {"tables": tables, "totals": totals, "collections": kinds, "typed": typed, "kinds": list(Kind)}
    return render(request, "attributes.html", 422 if wrong else 200, wrong=wrong, **values)


def _note(desk: Desk, who: Visitor, what: str, name: str, of: str = "") -> None:
    with desk.accounts() as connection:
        audit.note(connection, who.by(), what, f"attribute {of + '.' if of else ''}{name}")
