"""What readers asked for on their preference page, and a person has to do: a copy of what is known, or its end."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field

from postduif.campaign.tracking import requests
from postduif.campaign.tracking.requests import LAWFUL, Asked
from postduif.campaign.web import noting
from postduif.campaign.web.api.caller import Administering
from postduif.campaign.web.api.shape import After, Limit, Moment, Number, Page, Shape, paged

router = APIRouter(prefix="/requests", tags=["requests"])


class RequestOut(Shape):
    """Something that a reader asked for."""

    id: int
    at: Moment
    until: Moment = Field(description="By when they have to hear from us.")
    kind: Literal["export", "erase"] = Field(description="A copy, or to be erased.")
    mailing: int = Field(description="The link of this one was used.")
    recipient: int
    wording: str = Field(description="What the button said.")
    origin: str = Field(description="The network address that they came from; empty when it is done.")
    contact: int | None = Field(description="null: nobody there, or not any more.")
    email: str = Field(description="Of that contact, else where the mail went to; empty: nobody knows any more.")
    done_at: Moment | None


@router.get("")
def list_requests(
    request: Request,
    who: Administering,
    state: Literal["waiting", "done"] = "waiting",
    after: After = 0,
    limit: Limit = 100,
) -> Page[RequestOut]:
    """Those that wait, or that were seen to, in the order in which they were asked."""
    found = requests.listed(who.desk.data_dir, done=state == "done", after=after, limit=limit + 1)
    return paged(request, found, limit, lambda one: one.id, "after", _shown)


@router.get("/{number}")
def one(who: Administering, number: Number) -> RequestOut:
    """One of them."""
    return _shown(requests.find(who.desk.data_dir, number))


@router.post("/{number}/actions/done")
def done(who: Administering, number: Number) -> RequestOut:
    """It was seen to: the copy was sent, or it was a mistake. Who is erased has nothing that waits any more."""
    asked = requests.find(who.desk.data_dir, number)
    requests.done(who.desk.data_dir, [number], who.desk.clock.time())
    noting.request(who, "request.done", asked)
    return _shown(requests.find(who.desk.data_dir, number))


def _shown(one: Asked) -> RequestOut:
    fields = one._asdict() | {"recipient": one.number, "until": one.at + LAWFUL, "contact": one.contact or None}
    del fields["number"]
    return RequestOut(**fields)
