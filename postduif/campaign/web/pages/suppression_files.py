"""The suppression list as a file: taken in, and given out."""

from __future__ import annotations

import io
import itertools
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from postduif.bounce import suppression_csv
from postduif.bounce.address_state import Cause
from postduif.bounce.suppression_csv import NotAList
from postduif.campaign.accounts import audit
from postduif.campaign.web.page import render
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Administering, Editing, OfDesk
from postduif.campaign.web.wording import plural
from postduif.mta.suppression_pages import TakenIn, entries, lines_of, take_in

router = APIRouter(prefix="/suppression")

PATH = "/suppression/import"
MAX_FILE = 64 * 1024 * 1024
"""Octets of an import: some 800,000 lines."""
SAID = 50
"""Lines that could not be taken and are named."""
_CHOICES = [one.value for one in Cause if one is not Cause.ERASED]


@router.get("/import")
def form(request: Request, who: Editing) -> Response:
    """What a file may have."""
    return _page(request)


@router.post("/import")
def take(
    request: Request,
    desk: OfDesk,
    who: Editing,
    file: UploadFile | None = None,
    cause: Annotated[str, Form(max_length=40)] = Cause.MANUAL.value,
    reason: Typed = "",
) -> Response:
    """Nothing that is there is weakened, so a file can be taken in twice."""
    if file is None or not file.filename or cause not in _CHOICES:
        return _page(request, cause=cause, reason=reason, wrong="Choose a file, and the cause of its lines.")
    name = file.filename[:100]
    text = io.TextIOWrapper(file.file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        at_most(500, **{"Reason of lines that give none": reason})
        taken = take_in(desk.ask, suppression_csv.read(text), cause=cause, reason=reason.strip(), name=name)
    except TooLong as fault:
        return _page(request, cause=cause, reason=reason, wrong=str(fault))
    except NotAList as fault:
        return _page(request, cause=cause, reason=reason, wrong=f"{name}: {fault}")
    finally:
        text.detach()
    stopped = f", stopped: {taken.stopped}" if taken.stopped else ""
    said = f"{plural(taken.lines, 'line')} read, {plural(taken.changed, 'change')}{stopped}"
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "suppression.imported", f"file {name}", f"{said}. {reason}".strip())
    wrong = f"{name} was not read to its end: {taken.stopped}" if taken.stopped else ""
    return _page(request, cause=cause, reason=reason, taken=taken, name=name, wrong=wrong)


@router.get("/export")
def export(desk: OfDesk, who: Administering) -> Response:
    """All who refuse mail, as CSV whose cells are no formulas; an import takes it back."""
    stream = suppression_csv.pieces(lines_of(entries(desk.ask, {"standing": "refusing"})))
    first = next(stream)  # that the MTA is silent is told before the answer begins
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "suppression.exported", "suppression list", "")
    headers = {"content-disposition": 'attachment; filename="suppression.csv"'}
    return StreamingResponse(itertools.chain([first], stream), media_type="text/csv; charset=utf-8", headers=headers)


def _page(
    request: Request,
    *,
    cause: str = Cause.MANUAL.value,
    reason: str = "",
    wrong: str = "",
    taken: TakenIn | None = None,
    name: str = "",
) -> Response:
    return render(
        request,
        "suppression/import.html",
        422 if wrong else 200,
        causes=_CHOICES,
        cause=cause,
        reason=reason,
        wrong=wrong,
        taken=taken,
        name=name,
        said=SAID,
    )
