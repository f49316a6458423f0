"""The first page: what is wrong, what goes on, what waits for somebody."""

from __future__ import annotations

import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.operating.alarms import Alarm, alarms
from postduif.campaign.operating.under_way import Overview, overview
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.live import stream
from postduif.campaign.web.page import part, render
from postduif.campaign.web.plot import Series, curves, key
from postduif.campaign.web.rooms import here
from postduif.campaign.web.visitor import Looking, OfDesk, Visitor
from postduif.campaign.web.wording import number
from postduif.mta.control import ControlError

router = APIRouter()

EVERY = 2.0
"""Seconds between two looks at the figures."""
_LINES = ("received", "deferred", "delivered", "failed")  # the order of colours: delivered is green, as its figure


@router.get("/")
def dashboard(request: Request, desk: OfDesk, who: Looking) -> Response:
    """All of it, as it is now."""
    with desk.accounts() as connection:
        waiting = approval.waiting(connection)
    return render(
        request, "dashboard.html", waiting=waiting, alarms=_alarms(who), mailings=_mailings(desk), **_live(desk)
    )


@router.get("/dashboard/live")
def live(desk: OfDesk, who: Looking) -> Response:
    """The figures, whenever they change."""
    return stream(who, lambda: part("parts/live_figures.html", **_live(desk)), EVERY)


@router.get("/dashboard/hour")
def hour_now(request: Request, desk: OfDesk, who: Looking) -> Response:
    """The last hour by the minute, in figures."""
    return render(request, "parts/hour_table.html", minutes=_live(desk)["minutes"])


@router.get("/dashboard/alarms")
def alarms_now(request: Request, who: Looking) -> Response:
    """What needs somebody."""
    return render(request, "parts/alarms.html", alarms=_alarms(who))


@router.get("/dashboard/mailings")
def mailings_now(request: Request, desk: OfDesk, who: Looking) -> Response:
    """How far they are."""
    return render(request, "parts/mailings_now.html", mailings=_mailings(desk))


def _alarms(who: Visitor) -> list[Alarm]:
    """Without the way to a page that is not for this person."""
    desk = who.desk
    found = alarms(desk.loaded, desk.glances.ask, desk.clock.time(), desk.stuck)
    return [one if _open_to(who, one.path) else one._replace(path="") for one in found]


def _open_to(who: Visitor, path: str) -> bool:
    room = here(path) if path else None
    return room is None or who.may(room.permission)


def _mailings(desk: Desk) -> Overview:
    with mailings(desk.data_dir) as connection:
        return overview(connection, desk.data_dir, desk.clock.time())


def _live(desk: Desk) -> dict[str, Any]:
    """What the MTA says; without it, that it says nothing."""
    try:
        hour, sums = desk.glances.ask("live.hour"), desk.glances.ask("queue.sums")
    except ControlError as error:
        return {"hour": None, "silence": str(error), "sums": None, "plot": "", "legend": "", "minutes": []}
    minutes = hour["minutes"]
    series = [Series(name, [one[name] for one in minutes]) for name in _LINES]
    said = ", ".join(f"{name} {number(hour['hour'][name])}" for name in _LINES)
    return {
        "hour": hour,
        "silence": "",
        "sums": sums,
        "plot": curves("The last hour", f"In the last hour: {said}.", [one["at"] for one in minutes], series, "hour"),
        "legend": key(_LINES),
        "minutes": [{**one, "words": f"{_utc(one['at']):%H:%M}"} for one in reversed(minutes)],
    }


def _utc(at: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, datetime.UTC)
