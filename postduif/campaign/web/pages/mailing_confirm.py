"""The last step: everything on one page before anybody gets it, and the buttons that send it or say when it goes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.accounts.approval import Approval
from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.content import draft as contents
from postduif.campaign.mailings import occasions
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import ScheduleFault
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
from postduif.campaign.web.pages.mailing_steps import differences, last_report, step_page, store
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, Sending, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/mailings/{number:int}/edit/confirm")
_DATES = 5
_ASKED = "A second person is asked. It waits for that."


@router.get("")
def confirm(request: Request, who: Looking, number: int) -> Response:
    """The overview."""
    return _page(request, who, mailing_of(who, number))


@router.post("")
def store_delivery(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """How fast and how long. What was prepared is prepared again then."""
    fields = typed(form)
    try:
        store(who, number, forms.DELIVERY, fields)
    except PostduifError as fault:
        mailing = mailing_of(who, number)
        theirs = differences(fault, forms.DELIVERY, mailing, fields)
        return _page(request, who, mailing, status_of(fault), fields=fields, wrong=str(fault), theirs=theirs)
    return see(request, f"/mailings/{number}/edit/confirm", "Stored.")


@router.post("/dates")
def dates(request: Request, who: Editing, number: int, form: Posted) -> Response:
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


@router.post("/ask")
def ask(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Ask a second person whether it may go at just this date, or by just this rule."""
    fields = _when(form)
    try:
        when = schedule_form.taken(fields)
        judge(when)
        _ask(who, as_shown(mailing_of(who, number), form), form, when)
    except PostduifError as fault:
        return _page(request, who, mailing_of(who, number), status_of(fault), when=fields, wrong=str(fault))
    return see(request, f"/mailings/{number}/edit/confirm", _ASKED)


@router.post("/ask-to-send")
def ask_to_send(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """Ask a second person whether it may be sent now. Dates are asked about where they are chosen."""
    try:
        _ask(who, as_shown(mailing_of(who, number), form), form)
    except PostduifError as fault:
        words = form.get("words", "")
        return _page(request, who, mailing_of(who, number), status_of(fault), words=words, wrong=str(fault))
    return see(request, f"/mailings/{number}/edit/confirm", _ASKED)


@router.post("/schedule")
def schedule(request: Request, who: Sending, number: int, form: Posted) -> Response:
    """Let it go then."""
    fields = _when(form)
    try:
        seen = as_shown(mailing_of(who, number), form)
        when = schedule_form.taken(fields)
        judge(when)
        see_approved(who.desk, seen, when)
        with mailings(who.desk.data_dir) as connection:
            occasions.schedule(connection, seen, when, who.by(schedule_words(when)))
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
    theirs: Mapping[str, str] | None = None,
    words: str = "",
    dates: list[Date] | None = None,
) -> Response:
    desk = who.desk
    two, dated = desk.config.web.approval, _dated(who, mailing)
    date = dated.subject.when if dated else mailing.schedule
    zone = date.zone if date else _zone_here()
    shown = schedule_form.shown(date, zone, _now(who, zone))
    values: dict[str, Any] = {
        "report": last_report(who, mailing),
        "content": contents.begun(mailing.draft.content),
        "stored": forms.DELIVERY.shown(mailing.draft),
        "typed": bool(fields),
        "words": words,
        "when": {"words": "", **shown, **(when or {})},
        "zones": sorted(available_timezones()),
        "weekdays": schedule_form.DAYS,
        "dates": dates if dates is not None else (_next(who, date) if date else []),
        "version": approval.version_of(mailing),
        "no_send": _no_sender(who) or why_not(mailing, Action.SEND) or _not_agreed(who, mailing),
        "no_schedule": _not_dated(who, mailing, dated),
        "approvals": _approvals(who, mailing, dated),
        "asks_schedule": two and who.may("edit") and not why_not_scheduled(mailing),
        "stream": next((one for one in desk.config.stream if one.name == mailing.draft.stream), None),
        "public": desk.config.web.public_url,
    }
    told: dict[str, Any] = {"status": status, "fields": fields, "wrong": wrong, "theirs": theirs}
    return step_page(request, who, mailing, forms.DELIVERY, **told, **values)


def _ask(who: Visitor, seen: Mailing, form: Posted, when: Schedule | None = None) -> None:
    """Have the question wait for a second person: to send it now, or to let it go then."""
    with who.desk.accounts() as connection:
        approval.ask(connection, approval.subject_of(seen, when), who.by(form.get("words", "")[:1000]))


def _not_dated(who: Visitor, mailing: Mailing, asked: Approval | None) -> str:
    """Why it cannot be scheduled; "": it can, where two have to agree only as they agreed."""
    if why := _no_sender(who) or why_not_scheduled(mailing):
        return why
    if asked is None and who.desk.config.web.approval:
        return "to schedule it, say when, and ask for approval by a second person first"
    return _not_agreed(who, mailing, asked.subject.when) if asked else ""


def _not_agreed(who: Visitor, mailing: Mailing, when: Schedule | None = None) -> str:
    """What is missing of a second person's yes; "": nothing."""
    try:
        see_approved(who.desk, mailing, when)
    except NotAllowed as fault:
        return str(fault)
    return ""


def _no_sender(who: Visitor) -> str:
    return "" if who.may("send") else f"your role is {who.person.role}, which does not send"


def _dated(who: Visitor, mailing: Mailing) -> Approval | None:
    """The date that a second person was asked about last."""
    if not who.desk.config.web.approval:
        return None
    with who.desk.accounts() as connection:
        return approval.last_dated(connection, mailing)


def _approvals(who: Visitor, mailing: Mailing, dated: Approval | None) -> list[tuple[str, Approval | None]]:
    """What a second person is asked, or could be; nothing where approval is off."""
    if not who.desk.config.web.approval:
        return []
    found: list[tuple[str, Approval | None]] = []
    if not why_not(mailing, Action.SEND):
        with who.desk.accounts() as connection:
            found.append(("send", approval.latest(connection, approval.subject_of(mailing))))
    if dated and not why_not_scheduled(mailing):
        found.append(("schedule", dated))
    return found


def _when(form: Posted) -> dict[str, Any]:
    return typed(form) | {"days": form.every("days")}


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
