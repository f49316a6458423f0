"""Imports: a file is uploaded, its columns are said, it is tried, and then taken in while the page may be left."""

from __future__ import annotations

import csv
import io
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import Response

from postduif.campaign.audience import import_runs, projects, selections, subscriptions, uploads
from postduif.campaign.audience.attributes import Attribute, Kind, collections, declared
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.heading import EMAIL, FAMILY, GIVEN, LANGUAGE, NAME, OWN_EMAIL
from postduif.campaign.audience.import_choices import LEFT_OUT, NEW, Choices, chosen, options_of
from postduif.campaign.audience.import_plan import SHOWN, glance, plan
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.uploads import Stage, Upload
from postduif.campaign.web import noting
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk, Visitor
from postduif.errors import PostduifError
from postduif.spreadsheet import guarded

router = APIRouter(prefix="/contacts/imports")

AT_ONCE = 30
MAX_TEXT = 1000
REFUSED_SHOWN = 200
_TICKS = ("comma", "keep_invalid")
_TEXTS = tuple(name for name in Choices._fields if name not in (*_TICKS, "columns", "new"))


class Seen(NamedTuple):
    """The beginning of a file, as the choices read it."""

    heading: list[str]
    headed: bool
    rows: tuple[tuple[int, list[str]], ...]
    choices: tuple[str, ...]
    """For each column."""
    guesses: tuple[str, ...]
    """For each column, the kind that its values look like."""
    described: str
    wrong: str
    """Why it cannot be taken in so; "" when it can."""


@router.get("")
def everything(request: Request, desk: OfDesk, _: Looking, before: Cursor = 0) -> Response:
    """Files that wait, and what was taken in."""
    with audience(desk.data_dir) as connection:
        runs = import_runs.runs(connection, AT_ONCE + 1, before)
    waiting = uploads.waiting(desk.data_dir)
    at_work = {one.id for one in waiting if desk.imports.progress(one)}
    shown = slice_of(request, runs, AT_ONCE, lambda run: run.id)
    return render(request, "imports/list.html", runs=shown, waiting=waiting, at_work=at_work)


@router.get("/new")
def ask(request: Request, _: Editing) -> Response:
    """Which file."""
    return _ask(request)


@router.post("")
def upload(
    request: Request,
    desk: OfDesk,
    who: Editing,
    file: UploadFile,
    encoding: Typed = "",
    delimiter: Typed = "",
    sheet: Typed = "",
    new: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of a form
) -> Response:
    """Keep it privately, and look at it."""
    way = (encoding.strip(), delimiter.strip(), sheet.strip())
    choices = Choices(encoding=way[0], delimiter=way[1], sheet=way[2], new=new)
    try:
        at_most(100, Encoding=encoding, Delimiter=delimiter, Sheet=sheet)
        kept = uploads.keep(desk.data_dir, file.filename or "", file.file, who.name, desk.clock.time(), choices)
        try:
            glance(open_sheet(uploads.path_of(desk.data_dir, kept), *way))
        except PostduifError as fault:
            uploads.discard(desk.data_dir, kept)
            raise uploads.UploadFault(uploads.said(desk.data_dir, kept, fault)) from None
    except PostduifError as fault:
        return _ask(request, str(fault), status_of(fault), choices)
    return see(request, f"/contacts/imports/{kept.id}")


@router.get("/{id}")
def one(request: Request, desk: OfDesk, _: Editing, id: str) -> Response:
    """How far a file is: its columns to be said, at work, tried or done."""
    return _page(request, desk, uploads.find(desk.data_dir, id))


@router.get("/{id}/progress")
def progress(request: Request, desk: OfDesk, _: Editing, id: str) -> Response:
    """The part of the page that moves; when it is over the browser is sent to the whole page."""
    found = uploads.find(desk.data_dir, id)
    at = desk.imports.progress(found)
    if at is None:
        return see(request, f"/contacts/imports/{id}")
    return render(request, "parts/import_progress.html", upload=found, at=at)


@router.post("/{id}")
def choose(request: Request, desk: OfDesk, who: Editing, id: str, posted: Posted) -> Response:
    """What the columns are and how it is read; then look again, try it, or take it in."""
    found = uploads.find(desk.data_dir, id)
    do = posted.get("do", "look")
    try:
        choices = _choices(posted, found.choices)
    except uploads.UploadFault as fault:
        return _page(request, desk, found, fault)
    if (choices.encoding, choices.delimiter, choices.sheet, choices.collection) != _way(found.choices):
        choices, do = choices._replace(columns=()), "look"  # these may be other columns
    try:
        found = desk.imports.choose(found, choices)
        if do == "look":
            return see(request, f"/contacts/imports/{id}")
        _judge(desk, found)
        desk.imports.begin(found, trial=do != "run")
    except PostduifError as fault:
        return _page(request, desk, found, fault)
    if do == "run":
        _note(who, "import.begun", found)
    return see(request, f"/contacts/imports/{id}")


@router.post("/{id}/go-on")
def go_on(request: Request, desk: OfDesk, who: Editing, id: str) -> Response:
    """Go on behind the last row that is on file."""
    found = uploads.find(desk.data_dir, id)
    try:
        desk.imports.begin(found, trial=False)
    except uploads.UploadFault as fault:
        return _page(request, desk, found, fault)
    _note(who, "import.begun", found)
    return see(request, f"/contacts/imports/{id}")


@router.post("/{id}/discard")
def discard(request: Request, desk: OfDesk, _: Editing, id: str) -> Response:
    """Away with the file. What of it is taken in stays."""
    found = uploads.find(desk.data_dir, id)
    try:
        desk.imports.discard(found)
    except uploads.UploadFault as fault:
        return _page(request, desk, found, fault)
    return see(request, "/contacts/imports", f"{found.name} is discarded.")


@router.get("/runs/{number:int}")
def run(request: Request, desk: OfDesk, _: Looking, number: int) -> Response:
    """What became of one, and the first rows that were not taken."""
    with audience(desk.data_dir) as connection:
        found = import_runs.found(connection, number)
        refused = import_runs.rejected(connection, number, REFUSED_SHOWN)
    return render(request, "imports/run.html", run=found, refused=refused, most=import_runs.MAX_REJECTED)


@router.get("/runs/{number:int}/rejected.csv")
def rejected(desk: OfDesk, who: Looking, number: int) -> Response:
    """All rows that are logged, as CSV without formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("line", "address", "reason"))
    with audience(desk.data_dir) as connection:
        found = import_runs.found(connection, number)
        for line in import_runs.rejected(connection, number, import_runs.MAX_REJECTED):
            writer.writerow((line.line, guarded(line.address.strip()), guarded(line.reason)))
    noting.note(who, "import.exported", f"import {found.file}", f"what run {number} did not take")
    headers = {"content-disposition": f'attachment; filename="import-{number}-rejected.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _ask(request: Request, wrong: str = "", status: int = 200, typed: Choices = Choices()) -> Response:  # noqa: B008  frozen
    return render(request, "imports/new.html", status, wrong=wrong, typed=typed, most=uploads.MAX_SIZE)


def _page(request: Request, desk: Desk, found: Upload, fault: PostduifError | None = None) -> Response:
    status, wrong = (status_of(fault), str(fault)) if fault else (200, "")
    at = desk.imports.progress(found)
    if at or found.stage in (Stage.DONE, Stage.RUNNING):
        return render(request, "imports/progress.html", status, upload=found, at=at, wrong=wrong)
    with audience(desk.data_dir) as connection:
        known = declared(connection, found.choices.collection)
        values = {
            "collections": collections(connection),
            "types": list(subscriptions.types(connection).values()),
            "projects": projects.listed(connection),
            "selections": [one for one in selections.listed(connection) if one.kind is SelectionKind.STATIC],
        }
    try:
        seen: Seen | None = _look(desk, found)
    except PostduifError as unreadable:
        seen, wrong = None, wrong or uploads.said(desk.data_dir, found, unreadable)
    offers = _offers(known, of_children=bool(found.choices.collection))
    more = {"seen": seen, "offers": offers, "kinds": [(f"{NEW}{kind.value}", kind.value) for kind in Kind]}
    return render(request, "imports/columns.html", status, upload=found, wrong=wrong, **values, **more)


def _look(desk: Desk, found: Upload) -> Seen:
    """Raises SheetFault when nothing of it can be read."""
    choices = found.choices
    sheet = open_sheet(uploads.path_of(desk.data_dir, found), choices.encoding, choices.delimiter, choices.sheet)
    headed, heading, rows = begun = glance(sheet)
    first = Seen(heading, headed, rows[:SHOWN], (LEFT_OUT,) * len(heading), ("text",) * len(heading), "", "")
    with audience(desk.data_dir) as connection:
        try:
            open_choices = choices._replace(columns=(), new=True)
            guessed = plan(connection, sheet, options_of(open_choices, heading), begun).columns
            first = first._replace(guesses=tuple(one.kind.value for one in guessed))
            planned = plan(connection, sheet, options_of(choices, heading), begun)
            return first._replace(choices=chosen(planned.columns), described=sheet.described)
        except PostduifError as fault:
            shown = choices.columns if len(choices.columns) == len(heading) else first.choices
            return first._replace(choices=shown, described=sheet.described, wrong=str(fault))


def _judge(desk: Desk, found: Upload) -> None:
    """What would end the import at once is said now. Raises PostduifError."""
    seen, choices = _look(desk, found), found.choices
    if seen.wrong:
        raise uploads.UploadFault(seen.wrong)
    if choices.subscribe and not choices.wording.strip():
        raise subscriptions.SubscriptionFault("Say in which words these people agreed: it is kept as proof.")
    if choices.selection.strip():
        with audience(desk.data_dir) as connection:
            named = {one.name.lower(): one for one in selections.listed(connection)}
        known = named.get(" ".join(choices.selection.split()).lower())
        if known and known.kind is not SelectionKind.STATIC:
            raise selections.SelectionFault(f"{known.name} is {known.kind}: only a static selection can be filled.")


def _choices(posted: dict[str, str], before: Choices) -> Choices:
    columns = {int(name[1:]): text for name, text in posted.items() if name[:1] == "c" and name[1:].isdecimal()}
    made = {name: posted[name] for name in _TEXTS if name in posted}
    if long := [name for name, text in made.items() if len(text) > MAX_TEXT]:
        raise uploads.UploadFault(f"The {long[0]} is longer than {MAX_TEXT:,} characters. Shorten it.")
    ticks = {name: posted.get(name) == "true" for name in _TICKS}
    said = tuple(columns[place] for place in sorted(columns))
    return Choices(**(before._asdict() | made | ticks | {"columns": said or before.columns}))


def _way(choices: Choices) -> tuple[str, str, str, str]:
    return choices.encoding, choices.delimiter, choices.sheet, choices.collection


def _offers(known: dict[str, Attribute], *, of_children: bool) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can be, but a new attribute."""
    own = [(OWN_EMAIL, "e-mail of the record itself")]
    person = [(NAME, "name"), (GIVEN, "first name"), (FAMILY, "last name"), (LANGUAGE, "language")]
    fixed = [(EMAIL, "e-mail of the person" if of_children else "e-mail"), *(own if of_children else person)]
    return [("Person", fixed), ("Attributes", [(name, one.label) for name, one in known.items()])]


def _note(who: Visitor, what: str, found: Upload) -> None:
    noting.note(who, what, f"import {found.name}", found.choices.wording)
