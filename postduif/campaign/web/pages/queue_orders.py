"""What people do to the queue: first a page that says how many are meant, then the order itself."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.accounts.roles import Permission
from postduif.campaign.web.noting import note, unnamed
from postduif.campaign.web.page import render, see
from postduif.campaign.web.posted import Posted
from postduif.campaign.web.queue_condition import LABELS, Meant, NotACondition, meant_by, seconds
from postduif.campaign.web.visitor import Administering, Looking, OfDesk, Sending, Visitor
from postduif.campaign.web.wording import plural

router = APIRouter(prefix="/queue")


class Order(NamedTuple):
    """One thing that can be done."""

    title: str
    said: str
    """What is true afterwards, of so many recipients."""
    words: str
    permission: Permission
    reason: bool
    """A reason is asked for."""


ORDERS = {
    "hold": Order("Hold", "held", "Nothing is sent to them until the hold ends.", Permission.SEND, reason=True),
    "release": Order("Release", "released", "They go when their time has come.", Permission.SEND, reason=False),
    "retry": Order(
        "Try now", "due now", "They are tried at once, whatever their schedule says.", Permission.SEND, reason=False
    ),
    "delete": Order(
        "Delete", "withdrawn", "They are taken out for good. No notice is sent.", Permission.ADMINISTER, reason=True
    ),
}


@router.get("/order")
def ask(request: Request, desk: OfDesk, who: Looking, do: str = "") -> Response:
    """What is meant, and how many that are. Changes nothing."""
    return _asked(request, who, do, meant_by(request.query_params))


@router.post("/hold")
def hold(request: Request, desk: OfDesk, who: Sending, form: Posted) -> Response:
    """Stop what matches."""
    meant = meant_by(form)
    reason, until = form.get("reason", "").strip(), form.get("for", "").strip()
    try:
        lasting = seconds(until) if until else None
        if not reason:
            raise NotACondition("Say why: everybody who asks reads it.")
        return _do(request, who, "hold", meant, reason=reason, **{"for": lasting})
    except NotACondition as fault:
        return _asked(request, who, "hold", meant, reason=reason, until=until, wrong=str(fault))


@router.post("/release")
def release(request: Request, desk: OfDesk, who: Sending, form: Posted) -> Response:
    """Let go what is held."""
    return _checked(request, who, "release", meant_by(form))


@router.post("/retry")
def retry(request: Request, desk: OfDesk, who: Sending, form: Posted) -> Response:
    """Make what matches due now."""
    return _checked(request, who, "retry", meant_by(form))


@router.post("/delete")
def delete(request: Request, desk: OfDesk, who: Administering, form: Posted) -> Response:
    """Withdraw what matches."""
    meant, reason = meant_by(form), form.get("reason", "").strip()
    if not reason:
        return _asked(request, who, "delete", meant, wrong="Say why: the journal keeps it.")
    return _checked(request, who, "delete", meant, reason=reason)


def _checked(request: Request, who: Visitor, do: str, meant: Meant, **more: Any) -> Response:
    try:
        return _do(request, who, do, meant, **more)
    except NotACondition as fault:
        return _asked(request, who, do, meant, wrong=str(fault), reason=str(more.get("reason", "")))


def _do(request: Request, who: Visitor, do: str, meant: Meant, **more: Any) -> Response:
    condition = _condition(who, meant)
    found = who.desk.ask(f"queue.{do}", condition=condition, by=who.name, **more)
    order, data_dir = ORDERS[do], who.desk.data_dir
    which = ", ".join(f"{LABELS[name].lower()} {unnamed(data_dir, text)}" for name, text in meant.given.items())
    said = f"{plural(found['recipients'], 'recipient')} {order.said}"
    note(who, f"queue.{do}", "queue", f"{which}: {said}. {more.get('reason', '')}".strip())
    one = meant.ids if meant.given.keys() == {"ids"} and meant.ids.isdecimal() else ""
    return see(request, f"/queue/messages/{one}" if one else "/queue", f"{said}.")


def _condition(who: Visitor, meant: Meant) -> dict[str, Any]:
    if not meant.given:
        raise NotACondition("Say which: fill in a field, or tick everything.")
    return meant.condition(who.desk.clock.time())


def _asked(
    request: Request, who: Visitor, do: str, meant: Meant, *, reason: str = "", until: str = "", wrong: str = ""
) -> Response:
    order = ORDERS.get(do)
    count: int | None = None
    if order is None:
        wrong = "Choose what to do: hold, release, try now or delete."
    else:
        try:
            count = who.desk.ask("queue.count", condition=_condition(who, meant))["recipients"]
        except NotACondition as fault:
            wrong = wrong or str(fault)
    return render(
        request,
        "queue/order.html",
        422 if wrong else 200,
        do=do,
        order=order,
        allowed=order is not None and who.may(order.permission),
        meant=meant,
        labels=LABELS,
        count=count,
        reason=reason,
        until=until,
        wrong=wrong,
    )
