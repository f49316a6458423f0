"""One person: what is known, what they get and why, where they are, and what each mailing did with them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from postduif.bounce.subject import shown
from postduif.campaign import forgetting
from postduif.campaign.accounts import audit
from postduif.campaign.audience import contacts, correcting, projects, subscriptions
from postduif.campaign.audience.attributes import declared
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.counting import holding
from postduif.campaign.audience.standing import SAID_THEMSELVES, standings
from postduif.campaign.audience.subscriptions import Proof
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.withdrawing import withdraw
from postduif.campaign.copying import copy_of
from postduif.campaign.database import transaction
from postduif.campaign.forms import answers
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.results import personal
from postduif.campaign.web.acting import see_released
from postduif.campaign.web.cursor import Cursor
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Administering, Editing, Looking, OfDesk, Sending, Visitor
from postduif.errors import PostduifError

router = APIRouter(prefix="/contacts/{number:int}")

_Word = Annotated[str, Form(max_length=1000)]
PAST_SHOWN = 20


@router.get("")
def one(request: Request, desk: OfDesk, _: Looking, number: int) -> Response:
    """Everything but the mailings."""
    return _page(request, desk, number)


@router.post("")
def change(request: Request, desk: OfDesk, who: Editing, number: int, posted: Posted) -> Response:
    """Store what is another than the form was read with; what somebody else changed meanwhile is not undone unseen."""
    was = _was(posted.get("was", ""))
    given = {name: text for name, text in posted.beginning("a_").items() if was.get(name) != _lines(text)}
    now = desk.clock.time()
    try:
        with audience(desk.data_dir) as connection, transaction(connection):
            contacts.profile(connection, number)
            there = contacts.texts(connection, number)
            others = {name for name in there.keys() & was.keys() if _lines(there[name]) != was[name]}
            if theirs := [name for name in given if name in others and there[name] != given[name]]:
                raise Overtaken(theirs)
            changed = contacts.change(connection, number, given, now)
    except PostduifError as fault:
        return _page(request, desk, number, fault, typed=given)
    if changed:
        _note(desk, who, "contact.changed", number, ", ".join(changed))
    return see(request, f"/contacts/{number}", "Stored." if changed else "Nothing was another.")


@router.post("/email")
def correct(request: Request, desk: OfDesk, who: Editing, number: int, email: Typed = "") -> Response:
    """Another address for the same person, who still gets nothing there that was refused here."""
    try:
        at_most(1000, **{"E-mail": email})
        with audience(desk.data_dir) as connection:
            told = correcting.take_along(connection, desk.ask, number, email, who.name)
            with transaction(connection):
                contacts.correct(connection, number, email, desk.clock.time())
    except PostduifError as fault:
        return _page(request, desk, number, fault, email=email)
    _note(desk, who, "contact.corrected", number, "address")
    if told:
        who.tell(told, "warning")
    return see(request, f"/contacts/{number}", "The address is another now.")


@router.post("/subscribe")
def subscribe(
    request: Request,
    desk: OfDesk,
    who: Editing,
    number: int,
    type: _Word = "",  # noqa: A002  a field of a form
    wording: Typed = "",
    origin: Typed = "",
) -> Response:
    """They agreed; who stores it vouches for it. The proof is kept."""
    try:
        at_most(1000, **{"In which words": wording, "From which network address": origin})
        with audience(desk.data_dir) as connection, transaction(connection):
            contacts.profile(connection, number)
            kind = subscriptions.type_named(connection, type)
            subscriptions.confirm(connection, number, kind, Proof(desk.clock.time(), wording, who.name, origin))
    except (subscriptions.SubscriptionFault, TooLong) as fault:
        return _page(request, desk, number, fault)
    return see(request, f"/contacts/{number}", f"Agreed to {kind.title}, and the proof is kept.")


@router.post("/unsubscribe")
def unsubscribe(
    request: Request,
    desk: OfDesk,
    who: Editing,
    number: int,
    type: _Word = "",  # noqa: A002  a field of a form
    wording: Typed = "",
) -> Response:
    """They want no more of it: on the suppression list at once, and the proof is kept."""
    try:
        at_most(1000, **{"How they asked for it": wording})
        with audience(desk.data_dir) as connection:
            contacts.profile(connection, number)
            kind = subscriptions.type_named(connection, type).name if type else ""
            withdraw(connection, desk.ask, number, kind, Proof(desk.clock.time(), wording, who.name))
    except PostduifError as fault:
        return _page(request, desk, number, fault)
    return see(request, f"/contacts/{number}", f"No more mail {'of the type ' + kind if kind else 'of any type'}.")


@router.post("/release")
def release(
    request: Request,
    desk: OfDesk,
    who: Editing,
    number: int,
    type: _Word = "",  # noqa: A002  a field of a form
    reason: Typed = "",
) -> Response:
    """Mail goes there again. What the person said themselves is let go by an administrator alone."""
    try:
        at_most(1000, Why=reason)
        with audience(desk.data_dir) as connection, suppression_link(desk.data_dir) as link:
            person = contacts.profile(connection, number)
            about = link.about(person["subject"])
        found = [one for one in about.entries if (one.subject, one.type) == (person["subject"], type)]
        if not found:
            raise contacts.ContactFault("Nothing of the kind is on the suppression list any more.")
        see_released(who, [found[0].state.cause])
        if not reason.strip():
            raise contacts.ContactFault("Say why it is let go.")
        address = shown(person["subject"])
        desk.ask("suppress.release", addresses=[address], type=type, exact=True, reason=reason, by=who.name)
    except PostduifError as fault:
        return _page(request, desk, number, fault)
    _note(desk, who, "suppression.released", number, reason)
    return see(request, f"/contacts/{number}", "It is let go. Mail goes there again.")


@router.post("/again")
def ask_again(
    request: Request, desk: OfDesk, who: Sending, number: int, answer: Annotated[int, Form(ge=1, lt=2**63)]
) -> Response:
    """The mail that asks to confirm a sign-up goes to them once more, within the bounds of signing up."""
    try:
        with audience(desk.data_dir) as connection:
            person = contacts.profile(connection, number)
        with forms(desk.data_dir) as connection:
            if answer not in [one.id for one in answers.waiting(connection, person["subject"], desk.clock.time())]:
                raise contacts.ContactFault("This sign-up does not wait for its link any more.")
            found = answers.ask_again(connection, answer, desk.clock.time())
    except PostduifError as fault:
        return _page(request, desk, number, fault)
    _note(desk, who, "contact.asked_again", number, f"form {found.form}")
    return see(request, f"/contacts/{number}", "The mail with the link goes to them once more.")


@router.get("/mailings")
def history(request: Request, desk: OfDesk, _: Looking, number: int, before: Cursor = 0) -> Response:
    """What each mailing did with them, the latest first."""
    with audience(desk.data_dir) as connection:
        person = contacts.profile(connection, number)
    page = personal.of_person(desk.data_dir, number, before)
    return render(request, "contacts/mailings.html", person=person, page=page, before=before)


@router.get("/export")
def export(desk: OfDesk, who: Looking, number: int) -> Response:
    """All that is on file, as JSON: what they have a right to."""
    with audience(desk.data_dir) as connection:
        found = copy_of(connection, desk.data_dir, number)
    _note(desk, who, "contact.exported", number, "")
    headers = {"content-disposition": f'attachment; filename="contact-{number}.json"'}
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    return Response(text, media_type="application/json", headers=headers)


@router.get("/erase")
def ask_to_erase(request: Request, desk: OfDesk, _: Administering, number: int) -> Response:
    """What goes and what stays."""
    with audience(desk.data_dir) as connection:
        person = contacts.profile(connection, number)
    return render(request, "contacts/erase.html", person=person, reason="", wrong="")


@router.post("/erase")
def erase(request: Request, desk: OfDesk, who: Administering, number: int, reason: Typed = "") -> Response:
    """All that is on file about them goes; a hash that refuses mail stays."""
    with audience(desk.data_dir) as connection:
        person = contacts.profile(connection, number)
        try:
            at_most(1000, Why=reason)
            if not reason.strip():
                raise contacts.ContactFault("Say why: who asked for it, and when.")
            forgetting.erase(connection, desk.data_dir, desk.ask, f"#{number}", who.by(reason))
        except PostduifError as fault:
            given = {"person": person, "reason": reason, "wrong": str(fault)}
            return render(request, "contacts/erase.html", status_of(fault), **given)
    _note(desk, who, "contact.erased", number, reason)
    return see(request, "/contacts", f"Contact {number} is erased.")


class Overtaken(contacts.ContactFault):
    """Somebody else changed these after the form was read."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("Somebody changed this person meanwhile. Store again to have it as it stands here.")
        self.names = names


def _was(text: str) -> dict[str, str]:
    """What the form was read with; nothing of what nobody of ours wrote."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {name: _lines(one) for name, one in found.items() if isinstance(one, str)} if isinstance(found, dict) else {}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _page(
    request: Request,
    desk: Desk,
    number: int,
    fault: PostduifError | None = None,
    *,
    typed: dict[str, str] | None = None,
    email: str = "",
) -> Response:
    now = desk.clock.time()
    with audience(desk.data_dir) as connection, suppression_link(desk.data_dir) as link:
        person = contacts.profile(connection, number)
        about = link.about(person["subject"])
        known = declared(connection)
        there = contacts.texts(connection, number)
        values: dict[str, Any] = {
            "person": person,
            "known": known,
            "texts": there | (typed or {}),
            "was": json.dumps(there),
            "theirs": {name: there[name] for name in fault.names if name in there}
            if isinstance(fault, Overtaken)
            else {},
            "records": {name: (declared(connection, name), rows) for name, rows in person["records"].items()},
            "standings": standings(connection, number, about.entries),
            "suppression": about,
            "said_themselves": SAID_THEMSELVES,
            "selections": holding(connection, number, desk.data_dir, now),
            "projects": {one.name: one.id for one in projects.listed(connection)},
        }
    values["waiting"] = []
    if are_there(desk.data_dir):
        with forms(desk.data_dir) as connection:
            values["waiting"] = answers.waiting(connection, person["subject"], now)
    with desk.accounts() as connection:
        values["past"] = audit.listed(connection, about=f"contact {number}", limit=PAST_SHOWN)
    wrong = str(fault) if fault else ""
    status = 409 if isinstance(fault, Overtaken) else status_of(fault) if fault else 200
    return render(request, "contacts/person.html", status, wrong=wrong, email=email or person["email"], **values)


def _note(desk: Desk, who: Visitor, what: str, number: int, words: str) -> None:
    """Names of what changed and never values: the trail is not erased with the person."""
    with desk.accounts() as connection:
        audit.note(connection, who.by(), what, f"contact {number}", words)
