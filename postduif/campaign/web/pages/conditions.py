"""The builder of conditions: a dynamic selection is made or changed, with how many it means while it is written."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.audience import selections
from postduif.campaign.audience.attributes import declared
from postduif.campaign.audience.condition.rows import fields_of
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.vocabulary import vocabulary
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.counting import Explained, count, explain, members
from postduif.campaign.audience.searching import EVERYBODY, count_found
from postduif.campaign.audience.selections import Selection, SelectionFault, SelectionKind, compiled_condition
from postduif.campaign.database import transaction
from postduif.campaign.web import noting
from postduif.campaign.web.builder import Builder, begun, choices, pressed, read_form, signs_for
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import is_fragment, render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.typed import at_most
from postduif.campaign.web.visitor import Editing, OfDesk, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/selections")

FIRST = 8


class Looked(NamedTuple):
    """What a condition means, now."""

    condition: str
    people: int
    of: int
    """Everybody there is."""
    said: Explained
    first: list[dict[str, Any]]


@router.get("/new")
def ask(request: Request, desk: OfDesk, _: Editing, where: Annotated[str, Query(max_length=20_000)] = "") -> Response:
    """The form for a new one."""
    return _page(request, desk, None, begun(where), {"name": "", "note": ""})


@router.post("/new")
def build(request: Request, desk: OfDesk, who: Editing, posted: Posted) -> Response:
    """A button of the form: a row more or less, a look, or the selection itself."""
    return _built(request, desk, who, None, posted)


@router.get("/{number:int}/edit")
def ask_again(request: Request, desk: OfDesk, _: Editing, number: int) -> Response:
    """The form with the condition that there is."""
    with audience(desk.data_dir) as connection:
        one = selections.numbered(connection, number)
    return _page(request, desk, one, begun(one.condition), {"name": one.name, "note": one.note})


@router.post("/{number:int}/edit")
def build_again(request: Request, desk: OfDesk, who: Editing, number: int, posted: Posted) -> Response:
    """The same, for one that is there."""
    with audience(desk.data_dir) as connection:
        one = selections.numbered(connection, number)
    return _built(request, desk, who, one, posted)


def _built(request: Request, desk: Desk, who: Visitor, one: Selection | None, posted: dict[str, str]) -> Response:
    builder, do = read_form(posted), posted.get("do", "")
    condition = builder.text
    typed = {"name": posted.get("name", ""), "note": posted.get("note", "")}
    with audience(desk.data_dir) as connection:
        kinds = fields_of(vocabulary(connection))
        try:
            if do != "store":
                return _page(request, desk, one, pressed(builder, do, kinds), typed, quick=not do)
            condition = builder.condition(kinds)
            if not condition.strip():
                raise SelectionFault("Fill in a row: a dynamic selection has a condition.")
            at_most(1000, Note=typed["note"])
            with transaction(connection):
                if one:
                    one = selections.numbered(connection, one.id)
                    if posted.get("seen", str(one.changed)) != str(one.changed):
                        raise SelectionFault(
                            f"Somebody changed it meanwhile; it says: {one.condition}. Store again to have yours."
                        )
                    selections.change_condition(connection, one, condition, desk.clock.time())
                    made = one
                else:
                    kind, now, note = SelectionKind.DYNAMIC, desk.clock.time(), typed["note"].strip()
                    made = selections.create(connection, typed["name"], kind, now, condition, note)
        except PostduifError as fault:
            wrong = fault.located(condition) if isinstance(fault, ConditionFault) and builder.as_text else str(fault)
            return _page(request, desk, one, builder, typed, wrong=wrong)
    noting.numbered(who, "selection.changed" if one else "selection.added", made, condition)
    return see(request, f"/selections/{made.id}", f"{made.name} is stored.")


def _page(
    request: Request,
    desk: Desk,
    one: Selection | None,
    builder: Builder,
    typed: dict[str, str],
    *,
    wrong: str = "",
    quick: bool = False,
) -> Response:
    """The whole page; for a script the form alone, or only what it means (`quick`)."""
    with audience(desk.data_dir) as connection:
        words = vocabulary(connection)
        known = declared(connection)
    kinds = fields_of(words)
    looked, unread = _look(desk, builder, kinds)
    children = {name: {field: of.kind for field, of in scope.fields.items()} for name, scope in words.children.items()}
    values = {
        "builder": builder,
        "choices": choices(known, children),
        "labels": {name: attribute.label for name, attribute in known.items()},
        "signs": {None: signs_for(None)} | {kind: signs_for(kind) for kind in set(kinds.values())},
        "kinds": kinds,
        "looked": looked,
        "unread": unread,
        "action": f"/selections/{one.id}/edit" if one else "/selections/new",
    }
    status = 422 if wrong else 200
    if is_fragment(request) and quick:
        return render(request, "parts/looked.html", looked=looked, unread=unread)
    if is_fragment(request):
        return render(request, "parts/builder.html", status, **values)
    return render(request, "selections/build.html", status, one=one, typed=typed, wrong=wrong, **values)


def _look(desk: Desk, builder: Builder, kinds: dict[str, Any]) -> tuple[Looked | None, str]:
    """What it means, or why that cannot be said; both are nothing for an empty form."""
    condition, now = "", desk.clock.time()
    try:
        condition = builder.condition(kinds)
        if not condition.strip():
            return None, ""
        with audience(desk.data_dir) as connection:
            asked = compiled_condition(connection, condition, now)
            people, everybody = (
                count(connection, asked, desk.data_dir),
                count_found(connection, desk.data_dir, "", EVERYBODY),
            )
            said = explain(connection, condition, asked, desk.data_dir)
            first = selections.brief(connection, members(connection, asked, desk.data_dir, 0, FIRST))
    except ConditionFault as fault:
        return None, fault.located(condition) if builder.as_text else str(fault)
    return Looked(condition, people, everybody, said, first), ""
