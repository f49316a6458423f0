"""The mailing's own page: live figures and progress; and its logs, proofs and audit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.accounts import audit as trail
from postduif.campaign.audience.connection import audience
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import Event, Filter, latest, listed
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.words import schedule_words, waves_words
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.places import Places, progress_of
from postduif.campaign.preparing.previewing import found_as
from postduif.campaign.preparing.readiness import steps
from postduif.campaign.results.figures import Figures, figures_of
from postduif.campaign.results.reading import Reading, reading
from postduif.campaign.results.spread import speed
from postduif.campaign.results.tally import Source
from postduif.campaign.sending.acting import WHO
from postduif.campaign.sending.proofing import proofs, send_proof
from postduif.campaign.web.cursor import Cursor, Slice, slice_of
from postduif.campaign.web.live import stream
from postduif.campaign.web.mailing_offers import offers
from postduif.campaign.web.page import part, render, see
from postduif.campaign.web.pages.mailing_actions import UNDER_WAY
from postduif.campaign.web.pages.mailing_tabs import mailing_of, tab_page
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Editing, Looking, Visitor
from postduif.errors import PostduifError, StoreError

router = APIRouter(prefix="/mailings/{number:int}")
_WITH_RESULTS = (State.SENDING, State.PAUSED, State.STOPPING, State.STOPPED, State.FINISHED)
_SPEED_OF = 10.0  # seconds
_MANY = 200
_BEAT, _BEAT_AT_REST = 1.0, 5.0  # seconds
_BY_ITSELF = (WHO, "schedule", "preparing")
_TAKEN = ("mailing.", "share.")
"""What the audit trail says of exports and shares begins so."""


class Seen(NamedTuple):
    """How it goes, at one moment."""

    figures: Figures | None
    """None: it has no results yet."""
    read: Reading | None
    delivered: float
    """A second, of late."""
    ends: float | None
    """When it ends if it goes on so; seconds since the epoch."""
    wrong: str = ""


def look(who: Visitor, mailing: Mailing) -> Seen:
    """The figures of this moment; before it is sent there are none."""
    if mailing.state not in _WITH_RESULTS or mailing.run.started is None:
        return Seen(None, None, 0.0, None)
    desk, now = who.desk, who.desk.clock.time()
    try:
        with desk.tallies.of(mailing.number) as kept:
            # whoever looks within a second sees the same; what has ended is counted again when something happens
            found = kept.made("figures", figures_of, int(now) if mailing.state in UNDER_WAY else None)
            source = Source(desk.data_dir, mailing.number)
            read = kept.made("reading", lambda _: reading(source, found.delivered), (found.delivered, int(now)))
            late = speed(kept.tally.connection, now, _SPEED_OF)
    except StoreError as fault:
        return Seen(None, None, 0.0, None, str(fault))
    going = mailing.state is State.SENDING and late.delivered
    ends = now + found.pending * late.seconds / late.delivered if going and found.pending else None
    return Seen(found, read, late.delivered / late.seconds, ends)


def _live(who: Visitor, number: int) -> dict[str, Any]:
    mailing = mailing_of(who, number)
    return {
        "mailing": mailing,
        "seen": look(who, mailing),
        "now": who.desk.clock.time(),
        "looked": _looked(who, mailing),
    }


def _looked(who: Visitor, mailing: Mailing) -> tuple[int, int] | None:
    """How many of how many people its preparation has looked at."""
    return progress_of(Places(who.desk.data_dir), mailing.number) if mailing.state is State.PREPARING else None


@router.get("")
def summary(request: Request, who: Looking, number: int) -> Response:
    """How it goes, and what it is."""
    mailing = mailing_of(who, number)
    values: dict[str, Any] = {"steps": (), "occasions": []}
    with mailings(who.desk.data_dir) as connection, audience(who.desk.data_dir) as people:
        if mailing.run.started is None:
            values["steps"] = steps(people, who.desk.config, mailing, who.desk.clock.time())
        if mailing.state is State.REPEATING or mailing.schedule:
            values["occasions"] = listed(connection, Filter(parent=number, limit=20))
    return tab_page(
        request,
        who,
        mailing,
        "mailing/summary.html",
        seen=look(who, mailing),
        looked=_looked(who, mailing),
        live=mailing.state in UNDER_WAY or mailing.state in (State.STOPPED, State.FINISHED),
        report=_report(who, mailing),
        schedule=schedule_words(mailing.schedule),
        waves=waves_words(mailing.draft.waves),
        **values,
    )


@router.get("/live")
def live(who: Looking, number: int) -> Response:
    """The figures whenever they change."""
    every = _BEAT if mailing_of(who, number).state in UNDER_WAY else _BEAT_AT_REST
    return stream(who, lambda: part("parts/mailing_live.html", **_live(who, number)), every)


@router.get("/head")
def head(request: Request, who: Looking, number: int, seen: str = "") -> Response:
    """What stands above the tabs, once the mailing is not as that page has it any more."""
    mailing = mailing_of(who, number)
    if seen == f"{mailing.state}.{approval.version_of(mailing)}.{mailing.next or 0:.0f}".replace(" ", "-"):
        return Response(status_code=204)
    answer = render(request, "parts/mailing_head.html", mailing=mailing, offers=offers(mailing, who))
    answer.headers["hx-trigger"] = "mailing-moved"  # what stands below is asked anew
    return answer


@router.get("/logs")
def logs(request: Request, who: Looking, number: int, before: Cursor = 0) -> Response:
    """What its preparation found, and what happened by itself."""
    mailing = mailing_of(who, number)
    found = _events(request, who, number, before, _BY_ITSELF)
    return tab_page(request, who, mailing, "mailing/logs.html", report=_report(who, mailing), events=found)


@router.get("/audit")
def audit(request: Request, who: Looking, number: int, before: Cursor = 0) -> Response:
    """Who did what, what a second person said, and who took the figures elsewhere."""
    mailing = mailing_of(who, number)
    about = f"mailing {number}"
    with who.desk.accounts() as connection:
        asked = approval.about(connection, about)
        noted = [one for one in trail.listed(connection, about=about, limit=_MANY) if one.what.startswith(_TAKEN)]
    events = _events(request, who, number, before)
    return tab_page(request, who, mailing, "mailing/audit.html", events=events, asked=asked, noted=noted)


@router.get("/proofs")
def show_proofs(request: Request, who: Looking, number: int) -> Response:
    """Those that were sent, and the form for one more."""
    return _proofs_page(request, who, mailing_of(who, number))


@router.post("/proofs")
def proof(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """To the addresses, as that person would get it."""
    mailing = mailing_of(who, number)
    to, person = form.get("to", ""), form.get("person", "").strip()
    addresses = to.replace(",", " ").replace(";", " ").split()
    try:
        if not addresses:
            raise PostduifError("say to which addresses the proof goes")
        whom, contact = found_as(who.desk.config, mailing, person, who.desk.clock.time())
        with mailings(who.desk.data_dir) as connection:
            sent = send_proof(connection, who.desk.config, mailing, whom, contact, addresses[:20], who.by())
    except PostduifError as fault:
        return _proofs_page(request, who, mailing, status_of(fault), to=to, person=person, wrong=str(fault))
    return see(request, f"/mailings/{number}/proofs", f"Proof {sent.number} is on its way to {', '.join(sent.to)}.")


def _proofs_page(
    request: Request,
    who: Visitor,
    mailing: Mailing,
    status: int = 200,
    *,
    to: str = "",
    person: str = "",
    wrong: str = "",
) -> Response:
    with mailings(who.desk.data_dir) as connection:
        found = list(proofs(connection, mailing.number))[::-1][:_MANY]
    values = {"proofs": found, "to": to, "person": person, "wrong": wrong}
    return tab_page(request, who, mailing, "mailing/proofs.html", status, **values)


def _events(request: Request, who: Visitor, number: int, before: int, by: Collection[str] = ()) -> Slice[Event]:
    """The history, the latest first."""
    with mailings(who.desk.data_dir) as connection:
        found = latest(connection, number, who=by, before=before, limit=_MANY + 1)
    return slice_of(request, found, _MANY, lambda event: event.id)


def _report(who: Visitor, mailing: Mailing) -> reports.Report | None:
    return reports.read(Places(who.desk.data_dir).report(mailing.number))
