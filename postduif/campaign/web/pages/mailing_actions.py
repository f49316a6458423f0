"""What is done with a mailing: the buttons. The record is changed first, and then what it asks for is done at once."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts import approval
from postduif.campaign.accounts.approval import Verdict, subject_of, version_of
from postduif.campaign.forms.responding import refuse_if_forms_have
from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault, Overtaken
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.words import rate_words, read_rate
from postduif.campaign.sending.acting import acted, steer
from postduif.campaign.web.acting import means_of, see_approved, see_changeable
from postduif.campaign.web.page import see
from postduif.campaign.web.pages.mailing_tabs import mailing_of, tab_page
from postduif.campaign.web.pages.mailings import clone
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.visitor import Approving, Editing, Sending, Visitor

router = APIRouter(prefix="/mailings/{number:int}")
Do = Callable[[Connection, Mailing, By], Mailing]


def as_shown(mailing: Mailing, form: Posted) -> Mailing:
    """The mailing, if it still is what the page showed. Raises Overtaken."""
    if str(form.get("version", version_of(mailing))) != version_of(mailing):
        raise Overtaken(f"mailing {mailing.number} was changed by {mailing.changed_by} meanwhile; look at it again")
    return mailing


def do(request: Request, who: Visitor, number: int, change: Do, path: str = "") -> Response:
    """Change the record and act on it; the mailing's page says what came of it."""
    with mailings(who.desk.data_dir) as connection:
        change(connection, find(connection, number), who.by())
        found = acted(means_of(who.desk, connection), number)
    if found.waits:
        who.tell(found.waits[:1].upper() + found.waits[1:], "warning")
    return see(request, f"/mailings/{number}{path}", f"It is {found.mailing.state}.")


@router.post("/prepare")
def prepare(request: Request, who: Editing, number: int) -> Response:
    """The campaign's own process does it."""

    def change(connection: Connection, seen: Mailing, by: By) -> Mailing:
        see_changeable(who, seen, Action.PREPARE)
        return running.prepare(connection, seen, by)

    return do(request, who, number, change)


@router.post("/stop-preparation")
def stop_preparation(request: Request, who: Editing, number: int) -> Response:
    """Nothing is sent; a draft again, so what has a date goes no more: that is for who may send."""

    def change(connection: Connection, seen: Mailing, by: By) -> Mailing:
        see_changeable(who, seen, Action.STOP_PREPARING)
        return running.stop_preparing(connection, seen, by)

    return do(request, who, number, change)


@router.post("/send")
def send(request: Request, who: Sending, number: int, form: Posted) -> Response:
    """Now, as it was shown."""
    seen = as_shown(mailing_of(who, number), form)
    decide(seen, Action.SEND)
    see_approved(who.desk, seen)
    return do(request, who, number, lambda connection, _, by: running.send(connection, seen, by))


@router.post("/unschedule")
def unschedule(request: Request, who: Sending, number: int) -> Response:
    """Let it wait."""
    return do(request, who, number, occasions.unschedule)


@router.post("/pause")
def pause(request: Request, who: Sending, number: int) -> Response:
    """Nothing more goes out until it is resumed."""
    return do(request, who, number, running.pause)


@router.post("/resume")
def resume(request: Request, who: Sending, number: int) -> Response:
    """Go on."""
    return do(request, who, number, running.resume)


@router.get("/stop")
def ask_stop(request: Request, who: Sending, number: int) -> Response:
    """What that would mean."""
    mailing = mailing_of(who, number)
    decide(mailing, Action.STOP)
    return tab_page(request, who, mailing, "mailing/stop.html")


@router.post("/stop")
def stop(request: Request, who: Sending, number: int) -> Response:
    """For good: what waits is withdrawn."""
    return do(request, who, number, running.stop)


@router.post("/rate")
def rate(request: Request, who: Sending, number: int, form: Posted) -> Response:
    """Faster or slower from now on."""
    wanted = read_rate(form.get("rate", ""))
    words = rate_words(wanted)
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        steer(means_of(who.desk, connection), seen, "mailing.rate", who.by(words), rate=wanted)
    return see(request, f"/mailings/{number}", f"From now on: {words}.")


@router.post("/wave")
def wave(request: Request, who: Sending, number: int, form: Posted) -> Response:
    """Let one go now, without waiting for its time."""
    text = form.get("wave", "")
    if not text.isdecimal() or len(text) > 3:
        raise MailingFault("a wave is a number from 2; look at which there are")
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        steer(means_of(who.desk, connection), seen, "mailing.wave", who.by(f"wave {text} let go"), wave=int(text))
    return see(request, f"/mailings/{number}", f"Wave {text} is let go.")


@router.post("/clone")
def copy(request: Request, who: Editing, number: int, form: Posted) -> Response:
    """A draft like it; of a template, a mailing."""
    as_template = form.get("template") == "true"
    with mailings(who.desk.data_dir) as connection:
        made = clone(connection, find(connection, number), "", who.by(), template=as_template)
    noun = "template" if as_template else "draft"
    return see(request, f"/mailings/{made.number}/edit/setup", f"This is the new {noun}, number {made.number}.")


@router.post("/archive")
def archive(request: Request, who: Editing, number: int) -> Response:
    """Out of the list."""
    with mailings(who.desk.data_dir) as connection:
        seen = editing.archive(connection, number, who.by())
    path = "/mailings?templates=true" if seen.template else "/mailings"
    return see(request, path, f"{seen.draft.name} is archived. The list of archived mailings has it.")


@router.post("/bring-back")
def bring_back(request: Request, who: Editing, number: int) -> Response:
    """Into the list again."""
    with mailings(who.desk.data_dir) as connection:
        editing.archive(connection, number, who.by(), away=False)
    return see(request, f"/mailings/{number}", "It is in the list again.")


@router.post("/delete")
def delete(request: Request, who: Editing, number: int) -> Response:
    """A draft is gone; its history stays. Not a template that a form has."""
    with mailings(who.desk.data_dir) as connection:
        seen = find(connection, number)
        refuse_if_forms_have(who.desk.data_dir, seen)
        editing.delete(connection, seen, who.by())
    return see(request, "/mailings", f"{seen.draft.name} is deleted.")


@router.post("/approval/{question:int}")
def answer_approval(request: Request, who: Approving, number: int, question: int, form: Posted) -> Response:
    """Say yes or no to what another asked."""
    verdict = Verdict.YES if form.get("verdict") == "yes" else Verdict.NO
    seen = mailing_of(who, number)
    with who.desk.accounts() as connection:
        asked = approval.find(connection, question).subject
        if asked._replace(action="") != subject_of(seen)._replace(action=""):
            raise Overtaken(f"mailing {number} is not what was asked about any more; it has to be asked again")
        approval.decide(connection, question, who.person, verdict, who.by(form.get("words", "")[:1000]))
    return see(request, f"/mailings/{number}/edit/confirm", f"You said {verdict}.")


UNDER_WAY = (State.PREPARING, State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING)
"""States that change by themselves."""
