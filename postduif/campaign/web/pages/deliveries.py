"""Who gets a mailing and what became of them: lists, one recipient, those left out, and what a list is used for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response, StreamingResponse

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.projects import Project
from postduif.campaign.audience.selections import Selection
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.conversation import conversation
from postduif.campaign.results.exporting import csv_text, json_text, rows, rows_excluded
from postduif.campaign.results.figures import figures_of
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.people import EVERYBODY, NoSuchRecipient, Recipient, beside, excluded, read, recipients
from postduif.campaign.results.selecting import enrol, select, select_excluded
from postduif.campaign.results.tally import tally_of
from postduif.campaign.results.timeline import as_sent, numbers_of, timeline
from postduif.campaign.web import noting
from postduif.campaign.web.cursor import slice_of
from postduif.campaign.web.page import see
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.result_pages import Filtered, result_page
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.campaign.web.whom import DEEDS, STATES, Asked, asked_for
from postduif.campaign.web.wording import plural

router = APIRouter(prefix="/mailings/{number:int}")

AT_ONCE = 100
_FORMS = {"csv": ("text/csv; charset=utf-8", csv_text), "json": ("application/json", json_text)}
_Place = Annotated[int, Query(ge=-1, le=2**31)]
_Word = Annotated[str, Form(max_length=300)]


@router.get("/deliveries")
def deliveries(
    request: Request,
    who: Looking,
    number: int,
    asked: Filtered,
    address: Annotated[str, Query(max_length=400)] = "",
    after: _Place = -1,
) -> Response:
    """AT_ONCE of them; those with an address, when one is asked."""

    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        if address.strip():
            numbers = numbers_of(kept.tally.connection, as_sent(address), after=after, limit=AT_ONCE + 1)
            found: list[Recipient] = read(kept.tally, numbers)
        else:
            found = recipients(kept.tally, asked.which, after=after, limit=AT_ONCE + 1)
        people = slice_of(request, found, AT_ONCE, lambda one: one.number, "after")
        values = {"people": people, "asked": asked, "address": address, "states": STATES, "deeds": DEEDS}
        return values | {"figures": figures_of(kept.tally)}

    return result_page(request, who, number, "mailing/deliveries.html", look)


@router.get("/recipients/{recipient:int}")
def one(request: Request, who: Looking, number: int, recipient: int, asked: Filtered) -> Response:
    """Everything that happened to one, and the way to those before and behind in the list that was asked."""

    def look(mailing: Mailing, kept: Kept) -> dict[str, Any]:
        found = timeline(kept.tally, recipient, mailing.run.prepared)
        if found is None:
            raise NoSuchRecipient(f"Mailing {number} has no recipient {recipient}.")
        before, behind = beside(kept.tally, asked.which, recipient)
        seed = recipient in kept.tally.seeds
        told = {"found": found, "asked": asked, "before": before, "behind": behind, "seed": seed}
        return told | {"here": "deliveries", "spoken": conversation}

    return result_page(request, who, number, "mailing/recipient.html", look)


@router.get("/exclusions")
def exclusions(
    request: Request,
    who: Looking,
    number: int,
    cause: Annotated[str, Query(max_length=100)] = "",
    address: Annotated[str, Query(max_length=400)] = "",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """Those who were left out, for one cause or any; or whether that address was."""

    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        found = excluded(kept.tally.connection, cause, as_sent(address), after=after, limit=AT_ONCE + 1)
        people = slice_of(request, found, AT_ONCE, lambda one: one.id, "after")
        asked = {"people": people, "cause": cause, "address": address, "causes": kept.tally.causes}
        return asked | {"figures": figures_of(kept.tally)}

    return result_page(request, who, number, "mailing/exclusions.html", look)


@router.get("/causes")
def causes(request: Request, who: Looking, number: int) -> Response:
    """How many were left out for what."""

    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        return {"figures": figures_of(kept.tally)}

    return result_page(request, who, number, "mailing/causes.html", look)


@router.get("/export.{form}")
def export(
    who: Looking,
    desk: OfDesk,
    number: int,
    form: str,
    asked: Filtered,
    excluded_for: Annotated[str, Query(max_length=100)] = "-",
) -> Response:
    """The list as a file, while it is read; or those left out alone, for one cause or, with "", for any."""
    mailing_of(who, number)
    if form not in _FORMS:
        raise NoSuchRecipient("There is no such file; a list is exported as csv or json.")
    kind, write = _FORMS[form]

    def pieces() -> Iterator[str]:
        with tally_of(desk.data_dir, number) as tally:
            yield ""
            yield from write(rows(tally, asked.which) if excluded_for == "-" else rows_excluded(tally, excluded_for))

    words = asked.query if excluded_for == "-" else f"excluded {excluded_for}"
    stream = pieces()
    next(stream)  # what is wrong with the file is told before the answer begins
    noting.note(who, "mailing.exported", f"mailing {number}", f"{form} {words}".strip())
    name = f'attachment; filename="mailing-{number}.{form}"'
    return StreamingResponse(stream, media_type=kind, headers={"content-disposition": name})


@router.post("/take")
def take(
    request: Request,
    who: Editing,
    desk: OfDesk,
    number: int,
    name: _Word = "",
    kind: _Word = "selection",
    role: _Word = "",
    excluded_for: _Word = "-",
    state: _Word = "",
    domain: _Word = "",
    cause: _Word = "",
    did: _Word = "",
    link: _Word = "",
) -> Response:
    """The people of a list become a selection or members of a project."""
    mailing_of(who, number)
    asked = asked_for(state, domain, cause, did, link)
    made: Selection | Project
    with contextlib.ExitStack() as stack:
        tally = stack.enter_context(tally_of(desk.data_dir, number))
        people = stack.enter_context(audience(desk.data_dir))
        if excluded_for != "-":
            made, new = select_excluded(people, name, tally, excluded_for, desk.clock.time())
        elif kind == "project":
            made, new = enrol(people, name, role, tally, asked.which, desk.clock.time())
        else:
            made, new = select(people, name, tally, asked.which, desk.clock.time())
    what = "project" if isinstance(made, Project) else "selection"
    back = f"exclusions?cause={excluded_for}" if excluded_for != "-" else _list(asked)
    noting.numbered(who, f"{what}.filled", made, f"{new} from mailing {number}")
    return see(request, f"/mailings/{number}/{back}", f"{plural(new, 'contact')} more in the {what} {made.name}.")


def _list(asked: Asked) -> str:
    return f"deliveries?{asked.query}" if asked.which != EVERYBODY else "deliveries"
