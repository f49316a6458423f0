"""Files with people: uploaded, looked through, taken in; and the log of those that were taken in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from postduif.bounce.subject import shown
from postduif.campaign.audience import import_runs, uploads
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_choices import Choices
from postduif.campaign.audience.uploads import Stage, Upload
from postduif.campaign.web.api.caller import Caller, Editing, Looking
from postduif.campaign.web.api.entrance import BODY
from postduif.campaign.web.api.people import IfMatch, etag_of, see_match
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import After, Before, Limit, Line, Moment, Number, Page, Shape, paged

router = APIRouter(tags=["imports"])
UploadId = Annotated[str, Path(max_length=100)]


class ChoicesPatch(Shape):
    """How a file is to be read; what is left out stays. Empty: it is found out, or not wanted."""

    columns: Annotated[list[Line], Field(max_length=2000)] | None = Field(
        default=None,
        description="For each column in turn: `email`, `name`, `language`, an attribute, `new:text` and so on, or `-`. "
        "An empty list: as the headings seem to say.",
    )
    encoding: Line | None = None
    delimiter: Line | None = None
    sheet: Line | None = None
    comma: bool | None = Field(default=None, description="12,5 is a number.")
    dates: Literal["ymd", "dmy", "mdy"] | None = None
    duplicates: Literal["update", "skip", "error"] | None = None
    new: bool | None = Field(default=None, description="Columns that nobody knows become attributes.")
    keep_invalid: bool | None = None
    collection: Line | None = Field(default=None, description="The rows are child records of this kind.")
    selection: Line | None = Field(default=None, description="Everybody goes into this static selection.")
    project: Line | None = None
    role: Line | None = None
    subscribe: Line | None = Field(default=None, description="Everybody agreed to this type of mail.")
    wording: Line | None = None
    source: Line | None = None


class RefusedOut(Shape):
    """A line that the file would not get in."""

    line: int
    reason: str


class UploadOut(Shape):
    """A file that was uploaded."""

    id: str
    name: str
    size: int
    by: str
    at: Moment
    stage: Literal["new", "trying", "tried", "running", "done", "failed"]
    part: float | None = Field(description="How much of it is read, 0 to 1, while it is at work.")
    counts: dict[str, int] = Field(description="added, updated, skipped, rejected.")
    refused: list[RefusedOut] = Field(description="Of a trial: the first lines that cannot be taken.")
    wrong: str = Field(description="Why it failed.")
    run: int | None = Field(description="The number of its run, which has the whole log.")
    choices: dict[str, Any]


class Uploads(Shape):
    """Those that wait."""

    items: list[UploadOut]


class RunOut(Shape):
    """A file that was taken in, or is being."""

    id: int
    file: str
    state: Literal["running", "done"]
    added: int
    updated: int
    skipped: int
    rejected: int
    started: Moment
    ended: Moment | None


class RejectedOut(Shape):
    """A line that was not taken."""

    line: int
    address: str
    reason: str


@router.get("/imports")
def waiting(who: Looking) -> Uploads:
    """Files that are not taken in yet, the newest first."""
    return Uploads(items=[_shown(who, one) for one in uploads.waiting(who.desk.data_dir)])


@router.post(
    "/imports",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
def upload(
    request: Request, who: Editing, name: Annotated[str, Query(min_length=1, max_length=200)], response: Response
) -> UploadOut:
    """Upload a CSV or Excel file: the body is the file, `name` its name. Nothing is taken in yet."""
    made = uploads.keep(who.desk.data_dir, name, request.scope[BODY], who.name, who.desk.clock.time())
    response.headers["Location"] = f"/api/v1/imports/{made.id}"
    return _answer(response, who, made)


@router.get("/imports/{id}")
def one(who: Looking, id: UploadId, response: Response) -> UploadOut:
    """How far it is."""
    return _answer(response, who, uploads.find(who.desk.data_dir, id))


@router.patch("/imports/{id}")
def choose(who: Editing, id: UploadId, given: ChoicesPatch, response: Response, if_match: IfMatch = "") -> UploadOut:
    """How it is to be read. It is judged when it is tried."""
    there = _at_rest(who, id, if_match)
    said = {name: value for name, value in given.model_dump().items() if value is not None}
    if "columns" in said:
        said["columns"] = tuple(said["columns"])
    made = who.desk.imports.choose(there, Choices(**there.choices._asdict() | said))
    return _answer(response, who, made)


@router.delete("/imports/{id}", status_code=204)
def discard(who: Editing, id: UploadId, if_match: IfMatch = "") -> Response:
    """Away with it."""
    who.desk.imports.discard(_at_rest(who, id, if_match))
    return Response(status_code=204)


@router.post("/imports/{id}/actions/{action}", status_code=202)
def act(who: Editing, id: UploadId, action: Literal["try", "run"], if_match: IfMatch = "") -> UploadOut:
    """Try it, which changes nothing, or take it in. Both go on by themselves: ask how far it is."""
    there = _at_rest(who, id, if_match)
    if there.stage is Stage.DONE:
        raise Problem("not_now", "This file was taken in.", remedy="Upload it again.", allowed=[])
    who.desk.imports.begin(there, trial=action == "try")
    if action == "run":
        who.note("import.begun", f"import {there.name}", there.choices.wording)
    return _shown(who, uploads.find(who.desk.data_dir, id))


@router.get("/import-runs")
def list_runs(request: Request, who: Looking, before: Before = 0, limit: Limit = 100) -> Page[RunOut]:
    """Files that were taken in, the latest first."""
    with audience(who.desk.data_dir) as connection:
        found = import_runs.runs(connection, limit + 1, before)
    return paged(request, found, limit, lambda run: run.id, "before", _run)


@router.get("/import-runs/{number}")
def one_run(who: Looking, number: Number) -> RunOut:
    """One of them."""
    with audience(who.desk.data_dir) as connection:
        return _run(import_runs.found(connection, number))


@router.get("/import-runs/{number}/rejected")
def rejected(request: Request, who: Looking, number: Number, after: After = 0, limit: Limit = 100) -> Page[RejectedOut]:
    """The lines that were not taken, and why."""
    with audience(who.desk.data_dir) as connection:
        import_runs.found(connection, number)
        rows = import_runs.rejected(connection, number, limit + 1, after)
    found = [RejectedOut(line=one.line, address=_address(one.address), reason=one.reason) for one in rows]
    return paged(request, found, limit, lambda row: row.line, "after", lambda row: row)


def _address(subject: str) -> str:
    return subject.strip() if subject.startswith(" ") or not subject else shown(subject)


def _at_rest(who: Caller, id_: str, if_match: str) -> Upload:
    """Raises NoSuchUpload, and Problem when it is at work, or is not to be read any more as If-Match says."""
    there = uploads.find(who.desk.data_dir, id_)
    if who.desk.imports.progress(there) is not None:
        raise Problem("not_now", "This file is being read.", remedy="Wait until that is over.", allowed=[])
    see_match(if_match, etag_of(there.choices))
    return there


def _run(run: import_runs.Run) -> RunOut:
    fields = {name: getattr(run, name) for name in RunOut.model_fields}
    return RunOut(**fields | {"state": run.state.value})


def _answer(response: Response, who: Caller, one: Upload) -> UploadOut:
    """With the ETag of how it is to be read."""
    response.headers["ETag"] = etag_of(one.choices)
    return _shown(who, one)


def _shown(who: Caller, one: Upload) -> UploadOut:
    at_work = who.desk.imports.progress(one)
    return UploadOut(
        **{name: getattr(one, name) for name in ("id", "name", "size", "by", "at", "wrong")},
        stage=one.stage.value,
        part=at_work.part if at_work else None,
        counts=dict(at_work.counts if at_work else one.counts),
        refused=[RefusedOut(line=line, reason=reason) for line, reason in one.refused],
        run=one.run or None,
        choices=one.choices._asdict() | {"columns": list(one.choices.columns)},
    )
