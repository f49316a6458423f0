"""Sites: the roads that mail takes now, what limits each and where that is written; suspending and letting go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.queue_condition import NotACondition, seconds
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Looking, OfDesk, Sending
from postduif.config.load import Loaded
from postduif.mta.control import Refused
from postduif.mta.reasons.gathering import site_section
from postduif.mta.route_figures import held_by

router = APIRouter(prefix="/sites")

MOST = 200
Word = Annotated[str, Form(max_length=500)]
Name = Annotated[str, Query(max_length=300)]
_SETTINGS = ("connections", "message_rate", "connection_rate")


@router.get("")
def sites(request: Request, desk: OfDesk, who: Looking, site: Name = "", find: Name = "") -> Response:
    """The busiest; those with `find` in their name or that of a host. `site` fills in the form that suspends one."""
    return _page(request, desk, site=site, find=find.strip())


@router.post("/suspend")
def suspend(
    request: Request,
    desk: OfDesk,
    who: Sending,
    site: Typed = "",
    reason: Typed = "",
    lasting: Annotated[str, Form(alias="for")] = "",
) -> Response:
    """Send nothing more to it."""
    site, reason, lasting = site.strip(), reason.strip(), lasting.strip()
    try:
        at_most(500, Site=site, Reason=reason)
        if not site or not reason:
            raise NotACondition("Name the site, and say why: everybody who asks reads it.")
        until = seconds(lasting) if lasting else None
        desk.ask("site.suspend", site=site, reason=reason, by=who.name, **{"for": until})
    except (NotACondition, Refused, TooLong) as fault:
        return _page(request, desk, site=site, reason=reason, lasting=lasting, wrong=str(fault))
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "site.suspended", f"site {site}", reason)
    return see(request, "/sites", f"{site} is suspended: nothing more is sent to it.")


@router.post("/resume")
def resume(request: Request, desk: OfDesk, who: Sending, site: Word) -> Response:
    """Send to it again, and forget that it could not be reached."""
    desk.ask("site.resume", site=site)
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "site.resumed", f"site {site}", "")
    return see(request, "/sites", f"{site} is resumed.")


def _page(
    request: Request,
    desk: Desk,
    *,
    find: str = "",
    site: str = "",
    reason: str = "",
    lasting: str = "",
    wrong: str = "",
) -> Response:
    found = desk.ask("site.list", find=find, limit=MOST + 1)
    busy = {one["site"]: one for one in desk.ask("live.top", limit=MOST)["sites"]}
    suspended = desk.ask("site.suspended")
    seen = {one["site"] for one in found}
    return render(
        request,
        "sites.html",
        422 if wrong else 200,
        sites=[_row(desk.loaded, one, busy.get(one["site"], {})) for one in found[:MOST]],
        more=len(found) > MOST,
        find=find,
        held={one["site"]: one for one in suspended},
        idle=[one for one in suspended if one["site"] not in seen and find.lower() in one["site"]],
        site=site,
        reason=reason,
        lasting=lasting,
        wrong=wrong,
    )


def _row(loaded: Loaded, one: Mapping[str, Any], busy: Mapping[str, Any]) -> dict[str, Any]:
    number = site_section(loaded, one)
    named = [] if number is None else [one for one in _SETTINGS if one in loaded.config.site[number].model_fields_set]
    place = ("delivery",) if number is None else ("site", number)
    sources = {name: loaded.source(*(place if name in named else ("delivery",)), name) for name in _SETTINGS}
    counts = {name: busy.get(name, 0) for name in ("delivered", "deferred", "failed")}
    return {**one, **counts, "limited": held_by(one), "sources": sources}
