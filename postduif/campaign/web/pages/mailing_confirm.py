"""The last step: everything on one page before anybody gets it, and the buttons that send it or say when it goes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.content import draft as contents
from postduif.campaign.mailings import occasions
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.schedule import Date, Schedule, judge, next_dates
from postduif.campaign.mailings.states import Action, why_not, why_not_scheduled
from postduif.campaign.mailings.words import moment_words, schedule_words
from postduif.campaign.mailings.zone import zone_here
from postduif.campaign.web import mailing_forms as forms
from postduif.campaign.web import schedule_form
from postduif.campaign.web.acting import see_approved
from postduif.campaign.web.mailing_forms import typed
from postduif.campaign.web.page import is_fragment, render, see
from postduif.campaign.web.pages.mailing_actions import as_shown
from postduif.campaign.web.pages.mailing_steps import last_report, step_page, store
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed
from postduif.campaign.web.visitor import Editing, Looking, Sending, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/mailings/{number:int}/edit/confirm")
_DATES = 5


@router.get("")
def confirm(request: Request, who: Looking, number: int) -> Response:
    """The overview."""
    return _page(request, who, mailing_of(who, number))


@router.post("")
def store_delivery(request: Request, who: Editing, number: int, form: Typed) -> Response:
    """How fast and how long. What was prepared is prepared again then."""
    fields = typed(form)
    try:
        store(who, number, forms.DELIVERY, fields)
    except PostduifError as fault:
        return _page(request, who, mailing_of(who, number), status_of(fault), fields=fields, wrong=str(fault))
    return see(request, f"/mailings/{number}/edit/confirm", "Stored.")


@router.post("/dates")
def dates(request: Request, who: Editing, number: int, form: Typed) -> Response:
    """The next dates that the fields would give. Nothing is stored."""
    fields = _when(form)
    if fields.get("fill") == "now":
        soon = _now(who, fields.get("zone", "")) + datetime.timedelta(minutes=1)
        fields["at"] = f"{soon:{schedule_form.MOMENT}}"
    try:
        found, wrong = _next(who, schedule_form.taken(fields)), ""
    except PostduifError as fault:
        found, wrong = [], str(fault)
    if is_fragment(request):
        values: dict[str, Any] = {
            "dates": found,
            "wrong": wrong,
            "asked": True,
            "at": fields["at"] if fields.get("fill") else "",
        }
        return render(request, "parts/mailing_dates.html", **values)
    return _page(request, who, mailing_of(who, number), 422 if wrong else 200, when=fields, wrong=wrong, dates=found)


@router.post("/schedule")
def schedule(request: Request, who: Sending, number: int, form: Typed) -> Response:
    """Let it go then."""
    fields = _when(form)
    seen = as_shown(mailing_of(who, number), form)
    try:
        when = schedule_form.taken(fields)
        judge(when)
        see_approved(who.desk, seen, "schedule")
        with mailings(who.desk.data_dir) as connection:
            there = find(connection, number)._replace(revision=seen.revision)
            occasions.schedule(connection, there, when, who.by(schedule_words(when)))
    except PostduifError as fault:
        return _page(request, who, mailing_of(who, number), status_of(fault), when=fields, wrong=str(fault))
    made = mailing_of(who, number)
    first = moment_words(made.next, made.schedule) if made.next is not None else "no date"
    return see(request, f"/mailings/{number}", f"It is {made.state}: {first}.")


def _page(
    request: Request,
    who: Visitor,
    mailing: Mailing,
    status: int = 200,
    *,
    fields: Mapping[str, Any] | None = None,
    when: Mapping[str, Any] | None = None,
    wrong: str = "",
    dates: list[Date] | None = None,
) -> Response:
    desk = who.desk
    zone = mailing.schedule.zone if mailing.schedule else _zone_here()
    shown = schedule_form.shown(mailing.schedule, zone, _now(who, zone))
    values: dict[str, Any] = {
        "report": last_report(who, mailing),
        "content": contents.begun(mailing.draft.content),
        "when": {**shown, **(when or {})},
        "zones": sorted(available_timezones()),
        "weekdays": schedule_form.DAYS,
        "dates": dates if dates is not None else (_next(who, mailing.schedule) if mailing.schedule else []),
        "version": approval.version_of(mailing),
        "no_send": _reason(who, mailing, "send"),
        "no_schedule": _reason(who, mailing, "schedule"),
        "approvals": _approvals(who, mailing),
        "stream": next((one for one in desk.config.stream if one.name == mailing.draft.stream), None),
        "public": desk.config.web.public_url,
    }
    return step_page(request, who, mailing, forms.DELIVERY, status=status, fields=fields, wrong=wrong, **values)


def _reason(who: Visitor, mailing: Mailing, action: str) -> str:
    """Why it cannot be done; "": it can."""
    if not who.may("send"):
        return f"your role is {who.person.role}, which does not send"
    asked = why_not(mailing, Action.SEND) if action == "send" else why_not_scheduled(mailing)
    if asked:
        return asked
    try:
        see_approved(who.desk, mailing, action)
    except PostduifError as fault:
        return str(fault)
    return ""


def _approvals(who: Visitor, mailing: Mailing) -> list[tuple[str, approval.Approval | None]]:
    """What a second person is asked, or could be; nothing where approval is off."""
    if not who.desk.config.web.approval:
        return []
    with who.desk.accounts() as connection:
        return [
            (action, approval.latest(connection, approval.subject_of(mailing, action)))
            for action, why in (
                ("send", why_not(mailing, Action.SEND)),
                ("schedule", why_not_scheduled(mailing)),
            )
            if not why
        ]


def _when(form: FormData) -> dict[str, Any]:
    return typed(form) | {"days": [one for one in form.getlist("days") if isinstance(one, str)]}


def _next(who: Visitor, when: Schedule) -> list[Date]:
    judge(when)
    return next_dates(when, who.desk.clock.time(), _DATES)


def _now(who: Visitor, zone: str) -> datetime.datetime:
    try:
        known = ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        known = ZoneInfo("UTC")
    return datetime.datetime.fromtimestamp(who.desk.clock.time(), known)


def _zone_here() -> str:
    try:
        return zone_here()
    except ScheduleFault:
        return "UTC"
