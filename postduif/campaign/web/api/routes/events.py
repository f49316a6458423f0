"""What readers did, as it comes: visits and wishes, to be followed by their cursor."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from postduif.campaign.accounts.roles import Permission
from postduif.campaign.tracking.figures import Numbered, visits_since, wishes_since
from postduif.campaign.tracking.visit import Wish
from postduif.campaign.web.api.caller import Looking
from postduif.campaign.web.api.shape import MAX_INTEGER, After, Limit, Moment, Page, Shape, paged

router = APIRouter(prefix="/events", tags=["events"])
OfMailing = Annotated[int, Query(ge=0, le=MAX_INTEGER, description="Only of this mailing.")]
VisitKind = Literal["open", "click", "web", "unsubscribe_page"]


class VisitOut(Shape):
    """Somebody opened a mail, followed a link, or came by otherwise."""

    id: int
    at: Moment
    mailing: int
    recipient: int = Field(description="Its number in the mailing.")
    kind: VisitKind
    link: int = Field(description="The number of the link; 0: none.")
    agent: str
    machine: str = Field(description="Why it is taken for a machine's; empty: a person's.")


class WishOut(Shape):
    """What somebody asked for on the pages of readers."""

    id: int
    at: Moment
    mailing: int
    recipient: int
    kind: Literal["unsubscribe", "resubscribe", "no_tracking", "tracking", "export", "erase"]
    type: str = Field(description="Of mail; empty: all.")
    how: str
    wording: str
    done_at: Moment | None


@router.get("/visits")
def visits(
    request: Request,
    who: Looking,
    mailing: OfMailing = 0,
    kind: Annotated[list[VisitKind], Query(max_length=10)] = [],  # noqa: B006  FastAPI copies it
    after: After = 0,
    limit: Limit = 100,
) -> Page[VisitOut]:
    """Opens, clicks and other visits, in order. Later visits may show that an earlier one was a machine's."""
    found = visits_since(who.desk.data_dir, after, limit + 1, mailing, kind)
    return paged(request, found, limit, lambda one: one.id, "after", _visit)


@router.get("/wishes")
def wishes(
    request: Request, who: Looking, mailing: OfMailing = 0, after: After = 0, limit: Limit = 100
) -> Page[WishOut]:
    """Who unsubscribed on the web, or asked for something else, in order. Requests for a copy and to be erased: only
    with `administer`.
    """
    found = wishes_since(who.desk.data_dir, after, limit + 1, mailing, requests=who.may(Permission.ADMINISTER))
    return paged(request, found, limit, lambda row: row[0], "after", _wish)


def _visit(one: Numbered) -> VisitOut:
    fields = one.visit._asdict() | {"machine": str(one.visit.machine)}
    return VisitOut(id=one.id, recipient=fields.pop("number"), **fields)


def _wish(row: tuple[int, Wish, float | None]) -> WishOut:
    id_, wish, done_at = row
    fields = wish._asdict()
    del fields["origin"]  # part of the proof, which stands with the person
    return WishOut(id=id_, recipient=fields.pop("number"), done_at=done_at, **fields)
