"""The list of mailings and templates, making a new one, and the month of those that have a date."""

from __future__ import annotations

import calendar
import contextlib
import datetime
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import Entry, Filter, find, labels, listed
from postduif.campaign.mailings.record import MAX_NAME, Draft, Mailing, State
from postduif.campaign.mailings.schedule import next_dates
from postduif.campaign.preparing.places import Places
from postduif.campaign.preparing.readiness import streams
from postduif.campaign.sending.standing import Pace, pace
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, OfDesk, Visitor
from postduif.errors import PostduifError, StoreError

router = APIRouter(prefix="/mailings")
LIMIT = 50
_MOST_DATES = 62
GROUPS: dict[str, tuple[State, ...]] = {
    "draft": (State.DRAFT, State.FAILED),
    "ready": (State.PREPARING, State.PREPARED),
    "dated": (State.SCHEDULED, State.PLANNED, State.REPEATING),
    "under way": (State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING),
    "ended": (State.FINISHED, State.STOPPED),
}
"""States that people look for together."""
_WITH_THE_MTA = (State.SENDING, State.PAUSED, State.STOPPING)
Flag = Annotated[bool, Query()]
Text = Annotated[str, Query(max_length=MAX_NAME)]


class Dated(NamedTuple):
    """One mailing on one day."""

    number: int
    name: str
    state: State
    local: datetime.datetime


@router.get("")
def everything(
    request: Request,
    desk: OfDesk,
    who: Looking,
    state: Text = "",
    find: Text = "",
    folder: Text = "",
    tag: Text = "",
    selection: Text = "",
    project: Text = "",
    templates: Flag = False,  # noqa: FBT002  a field of a form
    archived: Flag = False,  # noqa: FBT002
    before: Cursor = 0,
) -> Response:
    """The latest first."""
    linked = ("selections", selection) if selection else ("projects", project) if project else None
    wanted = Filter(
        states=GROUPS.get(state, tuple(one for one in State if one == state)),
        text=find.strip(),
        template=templates,
        archived=archived,
        folder=folder,
        tag=tag,
        before=before or None,
        linked=linked,
        limit=LIMIT + 1,
    )
    with mailings(desk.data_dir) as connection:
        found = listed(connection, wanted)
        known = labels(connection)
    asked = {"state": state, "find": find, "folder": folder, "tag": tag, "selection": selection, "project": project}
    entries = slice_of(request, found, LIMIT, lambda one: one.number)
    return render(
        request,
        "mailings.html",
        entries=entries,
        paces=_paces(desk.data_dir, entries.rows, desk.clock.time()),
        asked=asked,
        filtered=any(asked.values()),
        templates=templates,
        archived=archived,
        labels=known,
        groups=list(GROUPS),
        here=f"{request.url.path}?{request.url.query}",
    )


def _paces(data_dir: Path, entries: Sequence[Entry], now: float) -> dict[int, Pace]:
    """Of those under way: how many wait, and how fast it goes."""
    found: dict[int, Pace] = {}
    for one in entries:
        if one.state in _WITH_THE_MTA:
            with contextlib.suppress(StoreError):  # its file is being moved, or gone: the row says the rest
                found[one.number] = pace(Places(data_dir).handed_over(one.number), now)
    return found


@router.get("/new")
def new(request: Request, who: Editing) -> Response:
    """Empty, from a template, or like another one."""
    return _new(request, who)


@router.post("/new")
def make(request: Request, who: Editing, form: Posted) -> Response:
    """It is a draft, and the first step is shown."""
    name, chosen = form.get("name", "").strip(), form.get("source", "")
    as_template = form.get("template") == "true"
    try:
        with mailings(who.desk.data_dir) as connection:
            if chosen.isdecimal():
                source = find(connection, int(chosen[:18]))
                made = clone(connection, source, name, who.by(), template=as_template)
            else:
                known = streams(who.desk.config)
                made = editing.create(connection, Draft(name), known, who.by(), template=as_template)
    except PostduifError as fault:
        return _new(request, who, status_of(fault), name=name, chosen=chosen, wrong=str(fault))
    return see(request, f"/mailings/{made.number}/edit/setup", "The draft is made.")


def clone(connection: sqlite3.Connection, source: Mailing, name: str, by: By, *, template: bool = False) -> Mailing:
    """A draft like it, which has the name, or one that says what it is made of. Raises MailingFault."""
    called = source.draft.name if source.template else f"Copy of {source.draft.name}"[:MAX_NAME]
    return editing.clone(connection, source, name or called, by, template=template)


def _new(
    request: Request, who: Visitor, status: int = 200, *, name: str = "", chosen: str = "", wrong: str = ""
) -> Response:
    with mailings(who.desk.data_dir) as connection:
        templates = listed(connection, Filter(template=True, archived=False))
        others = listed(connection, Filter(archived=False, limit=LIMIT))
    values = {"templates": templates, "others": others, "name": name, "chosen": chosen, "wrong": wrong}
    return render(request, "mailing_new.html", status, **values)


@router.get("/calendar")
def month(request: Request, desk: OfDesk, who: Looking, month: Text = "") -> Response:
    """What goes when, each in the zone of its own schedule."""
    today = datetime.datetime.fromtimestamp(desk.clock.time(), datetime.UTC).date()
    first = _month_of(month, today)
    following = (first + datetime.timedelta(days=32)).replace(day=1)
    with mailings(desk.data_dir) as connection:
        dated = listed(connection, Filter(dated=True, limit=1000))
    days: dict[datetime.date, list[Dated]] = defaultdict(list)
    for one in dated:
        for when in _dates(one, first, following):
            days[when.date()].append(Dated(one.number, one.name, one.state, when))
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return render(
        request,
        "mailing_calendar.html",
        weeks=weeks,
        days={day: sorted(ones, key=lambda one: one.local.time()) for day, ones in days.items()},
        first=first,
        today=today,
        before=first - datetime.timedelta(days=1),
        after=following,
    )


def _dates(entry: Entry, first: datetime.date, following: datetime.date) -> list[datetime.datetime]:
    """Those of that month, as the schedule's own clock shows them; not those that were kept."""
    if entry.schedule is None or entry.next is None:
        return []
    begin = datetime.datetime.combine(first, datetime.time(), datetime.UTC).timestamp() - 86400.0
    after = max(begin, entry.next - 1)
    return [
        one.local for one in next_dates(entry.schedule, after, _MOST_DATES) if first <= one.local.date() < following
    ]


def _month_of(text: str, today: datetime.date) -> datetime.date:
    try:
        found = datetime.date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 2000 <= found.year < 2400 else today.replace(day=1)
