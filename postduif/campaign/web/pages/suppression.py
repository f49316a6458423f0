"""Who is not written to: searching, one address with its history, entering, letting go."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from postduif.bounce.address_state import EVERY_TYPE, Cause, Standing
from postduif.bounce.subject import is_pattern
from postduif.campaign.audience.standing import SAID_THEMSELVES
from postduif.campaign.web import noting
from postduif.campaign.web.acting import see_released
from postduif.campaign.web.cursor import Slice
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render, see
from postduif.campaign.web.queue_condition import NotACondition
from postduif.campaign.web.typed import TooLong, Typed, at_most
from postduif.campaign.web.visitor import Editing, Looking, OfDesk
from postduif.mta.control import Refused
from postduif.mta.suppression_operations import MAX_ROWS

router = APIRouter(prefix="/suppression")

AT_ONCE = 100
STATES = {
    "refusing": "Who refuses mail",
    Standing.QUARANTINED.value: "Quarantined",
    Standing.SUPPRESSED.value: "Suppressed",
    Standing.WITH_ERRORS.value: "With errors, mail still goes",
}
Text = Annotated[str, Query(max_length=320)]
Word = Annotated[str, Form(max_length=1000)]


@router.get("")
def listing(
    request: Request,
    desk: OfDesk,
    who: Looking,
    find: Text = "",
    state: Text = "refusing",
    cause: Text = "",
    type: Text = "",  # noqa: A002  the field's name
    domain: Text = "",
    after: Text = "",
    after_type: Text = "",
) -> Response:
    """In the order of addresses."""
    asked = {"find": find.strip(), "state": state, "cause": cause, "type": type, "domain": domain.strip()}
    return _page(request, desk, asked, after=(after, after_type))


@router.get("/of")
def one(request: Request, desk: OfDesk, who: Looking, address: Text) -> Response:
    """Everything that is known of one address, or pattern."""
    return _one(request, desk, address)


@router.post("")
def add(
    request: Request,
    desk: OfDesk,
    who: Editing,
    addresses: Typed = "",
    reason: Typed = "",
    type: Typed = "",  # noqa: A002
) -> Response:
    """Write to these no more; one on each line."""
    named = [line.strip() for line in addresses.splitlines() if line.strip()]
    typed = {"addresses": addresses, "reason": reason, "type": type}
    try:
        at_most(500_000, Addresses=addresses)
        at_most(1000, Reason=reason, **{"Only this type of mail": type})
    except TooLong as fault:
        return _page(request, desk, {}, typed=typed, wrong=str(fault))
    if not named or not reason.strip():
        return _page(request, desk, {}, typed=typed, wrong="Name at least one address, and say why.")
    if len(named) > MAX_ROWS:
        wrong = f"{MAX_ROWS} addresses at once are the most; import a file instead."
        return _page(request, desk, {}, typed=typed, wrong=wrong)
    cause = Cause.UNSUBSCRIBE if type.strip() else Cause.MANUAL
    row = {"cause": cause.value, "type": type.strip(), "reason": reason.strip(), "source": who.name}
    found = desk.ask("suppress.enter", rows=[{"address": one, **row} for one in named])
    problems = found["problems"]
    unfit = {place for place, _ in problems}
    noting.suppression(who, "suppression.added", [one for at, one in enumerate(named) if at not in unfit], reason)
    if problems:
        typed["addresses"] = "\n".join(named[number] for number, _ in problems)
        wrong = "; ".join(f"{named[number][:100]}: {text}" for number, text in problems[:5])
        return _page(request, desk, {}, typed=typed, wrong=f"{found['changed']} entered. Not taken: {wrong}")
    many = f"{len(named)} addresses are" if len(named) > 1 else f"{named[0]} is"
    return see(request, "/suppression", f"{many} not written to any more.")


@router.post("/release")
def release(
    request: Request,
    desk: OfDesk,
    who: Editing,
    address: Word,
    reason: Typed = "",
    type: Word = "",  # noqa: A002
) -> Response:
    """Let go of that one entry: of all mail, or of one type. What people said, only an administrator takes back."""
    (known,) = desk.ask("suppress.show", addresses=[address])
    own = [one for one in known["entries"] if not is_pattern(one["subject"]) or one["address"] == known["address"]]
    see_released(who, [one["cause"] for one in own if one["type"] == type])
    try:
        at_most(1000, Reason=reason)
        if not reason.strip():
            raise NotACondition("Say why: the history keeps it.")
        order = {"reason": reason.strip(), "type": type, "by": who.name, "exact": True}
        found = desk.ask("suppress.release", addresses=[address], **order)
    except (NotACondition, Refused, TooLong) as fault:
        return _one(request, desk, address, reason=reason, wrong=str(fault))
    if found["unknown"]:
        wrong = f"{address} has no entry of its own; release the pattern that means it."
        return _one(request, desk, address, reason=reason, wrong=wrong)
    noting.suppression(who, "suppression.released", [address], reason)
    return see(request, f"/suppression/of?{urlencode({'address': address})}", f"The entry of {address} is let go.")


def _one(request: Request, desk: Desk, address: str, *, reason: str = "", wrong: str = "") -> Response:
    (known,) = desk.ask("suppress.show", addresses=[address.strip()])
    return render(
        request,
        "suppression/address.html",
        422 if wrong else 200,
        known=known,
        asked=address.strip(),
        guarded=SAID_THEMSELVES,
        every_type=EVERY_TYPE,
        reason=reason,
        wrong=wrong,
    )


def _page(
    request: Request,
    desk: Desk,
    asked: dict[str, str],
    *,
    after: tuple[str, str] = ("", ""),
    typed: dict[str, str] | None = None,
    wrong: str = "",
) -> Response:
    asked = {"find": "", "state": "refusing", "cause": "", "type": "", "domain": ""} | asked
    state = asked["state"] if asked["state"] in STATES else ""
    wanted: dict[str, Any] = {name: asked[name] for name in ("cause", "type", "domain")}
    wanted |= {"standing": state, "text": asked["find"]}
    found = desk.ask("suppress.list", wanted=wanted, after=after, limit=AT_ONCE)
    return render(
        request,
        "suppression/list.html",
        422 if wrong else 200,
        entries=_slice(request, found, after),
        asked=asked,
        states=STATES,
        causes=[one.value for one in Cause],
        typed={"addresses": "", "reason": "", "type": ""} | (typed or {}),
        filtered=any(asked[name] for name in ("find", "cause", "type", "domain")),
        wrong=wrong,
    )


def _slice(request: Request, found: dict[str, Any], after: tuple[str, str]) -> Slice[dict[str, Any]]:
    ahead = back = ""
    if found["next"]:
        first, second = found["next"]
        url = request.url.include_query_params(after=first, after_type=second)
        ahead = f"{url.path}?{url.query}"
    if any(after):
        url = request.url.remove_query_params(["after", "after_type"])
        back = f"{url.path}?{url.query}" if url.query else url.path
    return Slice(found["entries"], ahead, back)
