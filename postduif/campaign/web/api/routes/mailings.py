"""Mailings: listed, written, edited, copied, taken away."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from postduif.campaign.forms.responding import refuse_if_forms_have
from postduif.campaign.mailings import editing, listing
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.record import MAX_NAME, Draft, Mailing
from postduif.campaign.mailings.states import Action
from postduif.campaign.preparing import previewing
from postduif.campaign.web.acting import see_changeable
from postduif.campaign.web.api import mailing_shape as shape
from postduif.campaign.web.api.caller import Caller, Editing, Looking
from postduif.campaign.web.api.mailing_shape import MailingBrief, MailingIn, MailingOut, MailingPatch, StateName
from postduif.campaign.web.api.people import IfMatch, see_match
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import After, Before, Filter, Limit, Moment, Name, Number, Page, Shape, paged

router = APIRouter(prefix="/mailings", tags=["mailings"])


class CloneIn(Shape):
    """A copy."""

    name: Name | None = Field(default=None, description='Left out: "Copy of" the other; of a template, its name.')
    template: bool = Field(default=False, description="Make a template of it.")


class ArchiveIn(Shape):
    """Put away, or back into the lists."""

    archived: bool


class LogEntry(Shape):
    """Something that was done to a mailing."""

    id: int
    at: Moment
    who: str
    action: str
    before: str
    after: str
    words: str


class PreviewOut(Shape):
    """One message."""

    contact: int | None = Field(description="Whose it is; null: a person of this mailing alone.")
    fields: list[list[str]] = Field(description="Name and value of each header field.")
    html: str
    text: str
    size: int = Field(description="Octets, without signature.")
    empty: list[str] = Field(description="Variables that leave a hole in it.")
    warnings: list[str]


@router.get("")
def list_mailings(
    request: Request,
    who: Looking,
    state: Annotated[list[StateName], Query(max_length=20)] = [],  # noqa: B006  FastAPI copies it
    text: Filter = "",
    folder: Filter = "",
    tag: Filter = "",
    parent: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    template: Literal["true", "false"] = "false",
    archived: Literal["true", "false", "any"] = "any",
    before: Before = 0,
    limit: Limit = 100,
) -> Page[MailingBrief]:
    """The latest first. `state` may be there several times; `parent`: those that a repeating one made."""
    wanted = listing.Filter(
        states=shape.states([*state]),
        text=text,
        template=template == "true",
        archived=None if archived == "any" else archived == "true",
        folder=folder,
        tag=tag,
        parent=parent,
        before=before or None,
        limit=limit + 1,
    )
    with mailings(who.desk.data_dir) as connection:
        found = listing.listed(connection, wanted)
    return paged(request, found, limit, lambda one: one.number, "before", shape.brief)


@router.post("", status_code=201)
def create(who: Editing, given: MailingIn, response: Response) -> MailingOut:
    """Write a new one, or with `template` something to make mailings from."""
    draft = shape.drafted(Draft(given.name), given)
    with mailings(who.desk.data_dir) as connection:
        made = editing.create(connection, draft, streams(who), who.by(), template=given.template)
    response.headers["Location"] = f"/api/v1/mailings/{made.number}"
    return answer(response, made)


@router.get("/{number}")
def one(who: Looking, number: Number, response: Response) -> MailingOut:
    """One of them, whole."""
    with mailings(who.desk.data_dir) as connection:
        return answer(response, listing.find(connection, number))


@router.patch("/{number}")
def edit(who: Editing, number: Number, given: MailingPatch, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Change what is given. What was prepared is to be prepared again then. Needs If-Match."""
    if not if_match:
        raise Problem("match_required", "An edit needs If-Match, so that nobody undoes another's unseen.")
    with opened(who, number, if_match) as (connection, seen):
        see_changeable(who, seen, Action.EDIT)
        made = editing.edit(connection, seen, shape.drafted(seen.draft, given), streams(who), who.by())
    return answer(response, made)


@router.delete("/{number}", status_code=204)
def delete(who: Editing, number: Number, if_match: IfMatch = "") -> Response:
    """Take a draft away. Its history stays. Not a template that a form has."""
    with opened(who, number, if_match) as (connection, seen):
        refuse_if_forms_have(who.desk.data_dir, seen)
        editing.delete(connection, seen, who.by())
    return Response(status_code=204)


@router.post("/{number}/clone", status_code=201)
def clone(who: Editing, number: Number, given: CloneIn, response: Response) -> MailingOut:
    """A draft of the same content, target and files; of a template, a mailing."""
    with mailings(who.desk.data_dir) as connection:
        seen = listing.find(connection, number)
        usual = seen.draft.name if seen.template else f"Copy of {seen.draft.name}"[:MAX_NAME]
        made = editing.clone(connection, seen, given.name or usual, who.by(), template=given.template)
    response.headers["Location"] = f"/api/v1/mailings/{made.number}"
    return answer(response, made)


@router.put("/{number}/archived")
def archive(who: Editing, number: Number, given: ArchiveIn, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Put one away that is at rest, or bring it back."""
    with opened(who, number, if_match) as (connection, _):
        made = editing.archive(connection, number, who.by(), away=given.archived)
    return answer(response, made)


@router.get("/{number}/preview")
def preview(
    who: Looking,
    number: Number,
    seen_by: Annotated[str, Query(max_length=320, description="An address or #ID; empty: the first of all.")] = "",
) -> PreviewOut:
    """As one person would get it now. Nothing in it is tracked or unsubscribes."""
    with mailings(who.desk.data_dir) as connection:
        mailing = listing.find(connection, number)
        seen = previewing.seen_by(connection, who.desk.config, mailing, seen_by, who.desk.clock.time())
    found = seen.preview._asdict() | {"fields": [list(one) for one in seen.preview.fields]}
    return PreviewOut(**found | {"empty": list(seen.preview.empty)}, contact=seen.contact, warnings=list(seen.warnings))


@router.get("/{number}/log")
def log(request: Request, who: Looking, number: Number, after: After = 0, limit: Limit = 100) -> Page[LogEntry]:
    """What was done to it and by whom, in order. That of a deleted one is still there."""
    with mailings(who.desk.data_dir) as connection:
        found = listing.log(connection, number, after, min(limit + 1, listing.MAX_LISTED))
        if not found and not after:
            listing.find(connection, number)
    return paged(request, found, min(limit, listing.MAX_LISTED - 1), lambda event: event.id, "after", _event)


@contextlib.contextmanager
def opened(who: Caller, number: int, if_match: str = "") -> Iterator[tuple[sqlite3.Connection, Mailing]]:
    """The mailing as it is, if If-Match says so too. What its state forbids says what is allowed. Raises Problem."""
    with mailings(who.desk.data_dir) as connection:
        seen = listing.find(connection, number)
        see_match(if_match, shape.etag(seen))
        try:
            yield connection, seen
        except NotNow as error:
            detail, _, remedy = str(error).partition("; ")
            raise Problem("not_now", detail, remedy=remedy, allowed=list(shape.allowed(seen))) from None


def streams(who: Caller) -> list[str]:
    """Those of the configuration."""
    return [one.name for one in who.desk.config.stream]


def answer(response: Response, mailing: Mailing, waits: str = "") -> MailingOut:
    """The mailing, with its ETag."""
    response.headers["ETag"] = shape.etag(mailing)
    return shape.shown(mailing, waits)


def _event(event: listing.Event) -> LogEntry:
    fields = {name: getattr(event, name) for name in LogEntry.model_fields}
    return LogEntry(**fields | {"before": event.before.value, "after": event.after.value})
