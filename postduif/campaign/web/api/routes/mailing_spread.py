"""How a mailing's result is spread: over the domains, and over time."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field

from postduif.campaign.results import reading
from postduif.campaign.results.kept import domains_behind
from postduif.campaign.results.spread import HOUR, MINUTE, OfDomain, over_time
from postduif.campaign.results.tally import Source
from postduif.campaign.tracking.figures import OfHour, last_visit
from postduif.campaign.web.api.caller import Looking
from postduif.campaign.web.api.routes.mailing_results import kept_of, tally_of
from postduif.campaign.web.api.shape import AfterText, Limit, Moment, Number, Page, Shape, paged

router = APIRouter(prefix="/mailings/{number}", tags=["results of a mailing"])


class DomainOut(Shape):
    """Figures of one domain."""

    domain: str
    recipients: int
    delivered: int
    bounced: int
    failed: int
    expired: int
    suppressed: int
    withdrawn: int
    pending: int
    deferred: int
    seconds: float | None = Field(description="Median from the start to the delivery.")
    opened: int = Field(description="Different people who opened it or followed a link, without machines.")
    clicked: int = Field(description="Different people who followed a link, without machines.")


class EndedOut(Shape):
    """What ended within one step."""

    start: Moment
    delivered: int
    bounced: int
    failed: int
    expired: int
    suppressed: int
    withdrawn: int


class ReadOut(Shape):
    """What was opened and followed within one hour."""

    start: Moment
    opens: int
    clicks: int
    opens_with_machines: int
    clicks_with_machines: int


class Times(Shape):
    """What happened when. Steps in which nothing did are left out."""

    step: float = Field(description="Seconds of each of `ended`.")
    ended: list[EndedOut]
    read: list[ReadOut] = Field(description="By the hour; empty for what is not tracked.")


@router.get("/domains")
def domains(
    request: Request, who: Looking, number: Number, after: AfterText = "", limit: Limit = 100
) -> Page[DomainOut]:
    """Those with most recipients first."""
    with kept_of(who, number) as kept:
        found = domains_behind(kept, after, limit + 1)
        readers = kept.made("readers", reading.by_domain, last_visit(who.desk.data_dir))

    def shown(one: OfDomain) -> DomainOut:
        read = readers.get(one.domain, reading.ReadAt("", 0, 0))
        return DomainOut(**one._asdict(), opened=read.opened, clicked=read.clicked)

    return paged(request, found, limit, lambda one: one.domain, "after", shown)


@router.get("/times")
def times(who: Looking, number: Number, step: Literal["minute", "hour"] = "hour") -> Times:
    """How many deliveries and other ends, opens and clicks there were when."""
    width = MINUTE if step == "minute" else HOUR
    with tally_of(who, number) as tally:
        source = Source(who.desk.data_dir, number)
        ended = [EndedOut(**one._asdict()) for one in over_time(tally, width) if any(one[1:])]
        hours = reading.reading(source, 0).hours if reading.is_tracked(tally.connection, source) else ()
    return Times(step=width, ended=ended, read=[_read(one) for one in hours])


def _read(one: OfHour) -> ReadOut:
    return ReadOut(
        start=one.hour,
        opens=one.human_opens,
        clicks=one.human_clicks,
        opens_with_machines=one.opens,
        clicks_with_machines=one.clicks,
    )
