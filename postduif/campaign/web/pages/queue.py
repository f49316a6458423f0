"""The queue: what waits for whom, the list by conditions, one message and why it is where it is."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render
from postduif.campaign.web.queue_condition import LABELS, NotACondition, meant_by
from postduif.campaign.web.visitor import Looking, OfDesk
from postduif.mta.queue_operations import MAX_TRIES
from postduif.mta.reasons.gathering import Gathering
from postduif.mta.reasons.recipient import answer

router = APIRouter(prefix="/queue")

AT_ONCE = 200
MOST_QUEUES = 300
MOST_REASONS = 25
"""Recipients of one message whose reasons are told."""
Find = Annotated[str, Query(max_length=300)]


@router.get("")
def summary(request: Request, desk: OfDesk, who: Looking, by: str = "domain", find: Find = "") -> Response:
    """How much waits, by domain or by stream, and what is held. `find`: a part of a domain's name."""
    by, find = "stream" if by == "stream" else "domain", find.strip()
    found = desk.ask("queue.summary", by=by, domain=find, limit=MOST_QUEUES + 1)
    return render(
        request,
        "queue/summary.html",
        by=by,
        find=find,
        queues=found["queues"][:MOST_QUEUES],
        more=len(found["queues"]) > MOST_QUEUES,
        holds=found["holds"],
        whole=desk.glances.ask("queue.sums"),
        busy=desk.glances.ask("live.top", limit=10),
    )


@router.get("/list")
def listing(request: Request, desk: OfDesk, who: Looking, after: Cursor = 0) -> Response:
    """Recipients, the oldest first, with what can be done to them."""
    meant = meant_by(request.query_params)
    rows: list[dict[str, Any]] = []
    count, wrong = 0, ""
    try:
        condition = meant.condition(desk.clock.time())
        if not any(value not in ("", [], None) for value in condition.values()):
            condition["all"] = True
        rows = desk.ask("queue.list", condition=condition, limit=AT_ONCE + 1, after=after)
        whole = not after and len(rows) <= AT_ONCE
        count = len(rows) if whole else desk.ask("queue.count", condition=condition)["recipients"]
    except NotACondition as fault:
        wrong = str(fault)
    shown = slice_of(request, rows, AT_ONCE, lambda row: row["place"], "after")
    values = {"rows": shown, "count": count, "meant": meant, "labels": LABELS, "wrong": wrong}
    return render(request, "queue/list.html", 422 if wrong else 200, **values)


@router.get("/messages/{number}")
def message(request: Request, desk: OfDesk, who: Looking, number: int, after: Cursor = 0) -> Response:
    """Envelope, recipients with what keeps each, every attempt with the words of the other side."""
    shown = desk.ask("queue.show", id=number)
    known = shown["message"] is not None or bool(shown["journal"])
    waiting = [one for one in shown["recipients"] if one["place"] > after]
    return render(
        request,
        "queue/message.html",
        200 if known else 404,
        number=number,
        message=shown["message"],
        recipients=slice_of(request, waiting[: AT_ONCE + 1], AT_ONCE, lambda row: row["place"], "after"),
        of=len(shown["recipients"]),
        journal=shown["journal"],
        header=shown["header"],
        most_tries=MAX_TRIES,
        reasons=_reasons(desk, number) if known else [],
    )


def _reasons(desk: Desk, number: int) -> list[dict[str, Any]]:
    """What `postduif why` says of each."""
    gathering = Gathering(desk.loaded, desk.ask, desk.clock.time(), UTC)
    facts, _ = gathering.recipients(MOST_REASONS, message=number)
    refusals = gathering.refusals(one.recipient for one in facts)
    return [
        {"recipient": one.recipient, "state": said.state, "lines": [*said.lines, *refusals.get(one.recipient, ())]}
        for one, said in ((one, answer(one)) for one in facts)
    ]
