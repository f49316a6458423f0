"""What is done with a mailing: prepared, checked, sent, paused. What its state forbids is 409 with what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from postduif.campaign.mailings import occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.record import MAX_RATE, Mailing
from postduif.campaign.mailings.schedule import judge
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.words import rate_words
from postduif.campaign.preparing.doing import do_check
from postduif.campaign.preparing.previewing import found_as
from postduif.campaign.sending.acting import acted, steer
from postduif.campaign.sending.proofing import send_proof
from postduif.campaign.web.acting import means_of, see_approved, see_changeable
from postduif.campaign.web.api.caller import Caller, Editing, Sending
from postduif.campaign.web.api.mailing_shape import MailingOut, ScheduleIn, schedule_of
from postduif.campaign.web.api.people import IfMatch
from postduif.campaign.web.api.routes.mailing_results import ReportOut, report_out
from postduif.campaign.web.api.routes.mailings import answer, opened
from postduif.campaign.web.api.shape import Line, Number, Shape

router = APIRouter(prefix="/mailings/{number}/actions", tags=["actions on a mailing"])
Do = Callable[[Connection, Mailing, By], Mailing]
_WAIT = "It goes on by itself: ask for the mailing until its state is another."


class ProofIn(Shape):
    """To whom, and as whom."""

    to: Annotated[list[Line], Field(min_length=1, max_length=20)] = Field(description="Addresses; anybody's.")
    seen_by: Line = Field(default="", description="An address or #ID: as they would get it. Empty: the first of all.")


class RateIn(Shape):
    """How fast."""

    rate: Annotated[int, Field(ge=0, le=MAX_RATE, description="Messages a minute; 0: no limit of its own.")]


class WaveIn(Shape):
    """Which one."""

    wave: Annotated[int, Field(ge=2, le=999)]


class ProofOut(Shape):
    """A proof that was sent."""

    number: int
    to: list[str]
    ids: list[str] = Field(description="What the mail server calls the mails.")


@router.post("/prepare", status_code=202, description=f"Find out who gets it and what speaks against it. {_WAIT}")
def prepare(who: Editing, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Find out who gets it."""

    def do(connection: Connection, seen: Mailing, by: By) -> Mailing:
        see_changeable(who, seen, Action.PREPARE)
        return running.prepare(connection, seen, by)

    return _do(who, number, if_match, do, response)


@router.post("/stop-preparing")
def stop_preparing(who: Editing, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Nothing is sent; a draft again. What is prepared for its date goes no more, so that takes `send`, too."""

    def do(connection: Connection, seen: Mailing, by: By) -> Mailing:
        see_changeable(who, seen, Action.STOP_PREPARING)
        return running.stop_preparing(connection, seen, by)

    return _do(who, number, if_match, do, response)


@router.post("/check")
def check(who: Editing, number: Number) -> ReportOut:
    """What the checks say of it now that need no preparation. Changes nothing; may take some seconds."""
    with opened(who, number):
        pass
    return report_out(do_check(who.desk.config, number, who.desk.clock))


@router.post("/proof", status_code=202)
def proof(who: Editing, number: Number, given: ProofIn, if_match: IfMatch = "") -> ProofOut:
    """Send it to some addresses as one person would get it. Nothing in it is tracked or unsubscribes."""
    with opened(who, number, if_match) as (connection, seen):
        config = who.desk.config
        whom, contact = found_as(config, seen, given.seen_by, who.desk.clock.time())
        sent = send_proof(connection, config, seen, whom, contact, given.to, who.by())
    return ProofOut(number=sent.number, to=sent.to, ids=sent.ids)


@router.post("/send", status_code=202)
def send(who: Sending, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Send what is prepared, now. With `web.approval` a second person must have agreed on the pages."""

    def do(connection: Connection, seen: Mailing, by: By) -> Mailing:
        decide(seen, Action.SEND)
        see_approved(who.desk, seen)
        return running.send(connection, seen, by)

    return _do(who, number, if_match, do, response)


@router.post("/schedule")
def schedule(who: Sending, number: Number, given: ScheduleIn, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Let it go at a time, or by a rule. With `web.approval` a second person must have agreed to just that."""

    def do(connection: Connection, seen: Mailing, by: By) -> Mailing:
        when = schedule_of(given)
        judge(when)
        see_approved(who.desk, seen, when)
        return occasions.schedule(connection, seen, when, by)

    return _do(who, number, if_match, do, response)


@router.post("/unschedule")
def unschedule(who: Sending, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Let it wait; what is prepared stays so."""
    return _do(who, number, if_match, occasions.unschedule, response)


@router.post("/pause")
def pause(who: Sending, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Nothing more of it goes out until it is resumed."""
    return _do(who, number, if_match, running.pause, response)


@router.post("/resume")
def resume(who: Sending, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Go on after a pause."""
    return _do(who, number, if_match, running.resume, response)


@router.post("/stop", status_code=202, description=f"End it for good: what waits is withdrawn. {_WAIT}")
def stop(who: Sending, number: Number, response: Response, if_match: IfMatch = "") -> MailingOut:
    """End it for good."""
    return _do(who, number, if_match, running.stop, response)


@router.post("/rate", status_code=204)
def rate(who: Sending, number: Number, given: RateIn) -> Response:
    """Go faster or slower from now on, while it is sent."""
    _steer(who, number, "mailing.rate", rate_words(given.rate), rate=given.rate)
    return Response(status_code=204)


@router.post("/wave", status_code=204)
def wave(who: Sending, number: Number, given: WaveIn) -> Response:
    """Let a wave go now, without waiting for its time."""
    _steer(who, number, "mailing.wave", f"wave {given.wave} let go", wave=given.wave)
    return Response(status_code=204)


def _steer(who: Caller, number: int, do: str, words: str, **request: int) -> None:
    with opened(who, number) as (connection, seen):
        steer(means_of(who.desk, connection), seen, do, who.by(words), **request)


def _do(who: Caller, number: int, if_match: str, do: Do, response: Response) -> MailingOut:
    """Change the record, and do at once what it asks for."""
    with opened(who, number, if_match) as (connection, seen):
        do(connection, seen, who.by())
        found = acted(means_of(who.desk, connection), number)
    return answer(response, found.mailing, found.waits)
