"""What came back of a mailing, in the words of the remotes; and addresses corrected and written to again."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from postduif.campaign.accounts import audit
from postduif.campaign.audience import contacts, correcting
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.mailings.again import to_persons
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.figures import figures_of
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.people import NoSuchRecipient, Recipient, read
from postduif.campaign.results.returned import addresses_now, addresses_of, corrected, meanings, returned
from postduif.campaign.web.cursor import slice_of
from postduif.campaign.web.page import see
from postduif.campaign.web.pages.mailing_tabs import mailing_of
from postduif.campaign.web.result_pages import result_page
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk, Visitor
from postduif.campaign.web.wording import plural
from postduif.errors import PostduifError
from postduif.mta.control import ask

router = APIRouter(prefix="/mailings/{number:int}/bounces")

AT_ONCE = 50
_Word = Annotated[str, Form(max_length=400)]


class Wrong(NamedTuple):
    """Why an address could not be corrected, and what was typed."""

    recipient: int
    email: str
    text: str
    status: int


@router.get("")
def bounces(
    request: Request,
    who: Looking,
    number: int,
    cause: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[int, Query(ge=-1, le=2**31)] = -1,
) -> Response:
    """By what it means; and who it was, of one meaning or of all."""
    return _page(request, who, number, cause, after)


@router.post("/correct")
def correct(
    request: Request,
    who: Editing,
    desk: OfDesk,
    number: int,
    recipient: Annotated[int, Form(ge=0)],
    email: Typed = "",
    cause: _Word = "",
) -> Response:
    """Another address for the person to whom this recipient belongs."""
    try:
        at_most(400, **{"The address": email})
        with desk.tallies.of(number) as kept:
            contact = _recipient(kept, recipient).contact
        with audience(desk.data_dir) as people:
            contacts.profile(people, contact)
            told = correcting.take_along(people, partial(ask, desk.config.server.run_dir), contact, email, who.name)
            with transaction(people):
                contacts.correct(people, contact, email, desk.clock.time())
    except (NoSuchRecipient, contacts.NoSuchContact):
        raise
    except PostduifError as fault:
        return _page(request, who, number, cause, recipient - 1, Wrong(recipient, email, str(fault), status_of(fault)))
    with desk.accounts() as connection:
        audit.note(connection, who.by(), "contact.corrected", f"contact {contact}", f"after mailing {number}")
    if told:
        who.tell(told, "warning")
    return see(request, f"/mailings/{number}/bounces?cause={cause}#again", f"The address is {email.strip()} now.")


@router.post("/again")
def again(request: Request, who: Editing, desk: OfDesk, number: int) -> Response:
    """A new mailing of the same content to everybody whose address was corrected since."""
    mailing = mailing_of(who, number)
    with desk.tallies.of(number) as kept, audience(desk.data_dir) as people:
        meant = corrected(kept.made("came back", addresses_of), people)
    streams = [one.name for one in desk.config.stream]
    with mailings(desk.data_dir) as connection:
        made = to_persons(connection, mailing, meant, streams, who.by())
    told = (
        f"This mailing goes to {plural(len(meant), 'corrected address', 'corrected addresses')}. Prepare and send it."
    )
    return see(request, f"/mailings/{made.number}", told)


def _recipient(kept: Kept, number: int) -> Recipient:
    if number >= kept.tally.size:
        raise NoSuchRecipient(f"There is no recipient {number}.")
    return read(kept.tally, [number])[0]


def _page(
    request: Request,
    who: Visitor,
    number: int,
    cause: str,
    after: int,
    wrong: Wrong | None = None,
) -> Response:
    def look(_: Mailing, kept: Kept) -> dict[str, Any]:
        found = kept.made("meanings", meanings)
        people = slice_of(
            request,
            returned(kept.tally, cause, after=after, limit=AT_ONCE + 1),
            AT_ONCE,
            lambda one: one.number,
            "after",
        )
        with audience(who.desk.data_dir) as connection:
            now = addresses_now(connection, people.rows)
            meant = len(corrected(kept.made("came back", addresses_of), connection))
        return {
            "meanings": found,
            "people": people,
            "cause": cause,
            "now_at": now,
            "corrected": meant,
            "wrong": wrong,
            "figures": figures_of(kept.tally),
        }

    return result_page(request, who, number, "mailing/bounces.html", look, wrong.status if wrong else 200)
