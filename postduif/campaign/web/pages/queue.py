"""The queue: what waits for whom, the list by conditions, one message and why it is where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from postduif.campaign.web.desk import Desk
from postduif.campaign.web.page import render
from postduif.campaign.web.queue_condition import LABELS, NotACondition, meant_by
from postduif.campaign.web.visitor import Looking, OfDesk
from postduif.mta.reasons.gathering import Gathering
from postduif.mta.reasons.recipient import answer

router = APIRouter(prefix="/queue")

AT_ONCE = 200
MOST_QUEUES = 300
MOST_REASONS = 25
"""Recipients of one message whose reasons are told."""
_SUMS = ("total", "due", "held", "leased")


@router.get("")
def summary(request: Request, desk: OfDesk, who: Looking, by: str = "domain") -> Response:
    """How much waits, by domain or by stream, and what is held."""
    found = desk.ask("queue.summary")
    grouped = sums(found["queues"], "stream") if by == "stream" else found["queues"]
    return render(
        request,
        "queue/summary.html",
        by="stream" if by == "stream" else "domain",
        queues=grouped[:MOST_QUEUES],
        more=max(0, len(grouped) - MOST_QUEUES),
        holds=found["holds"],
        whole=total(found["queues"]),
        busy=desk.ask("live.top", limit=10),
    )


@router.get("/list")
def listing(request: Request, desk: OfDesk, who: Looking) -> Response:
    """Recipients, the oldest first, with what can be done to them."""
    meant = meant_by(request.query_params)
    rows: list[dict[str, Any]] = []
    count, wrong = 0, ""
    try:
        condition = meant.condition(desk.clock.time())
        if not any(value not in ("", [], None) for value in condition.values()):
            condition["all"] = True
        rows = desk.ask("queue.list", condition=condition, limit=AT_ONCE)
        count = len(rows) if len(rows) < AT_ONCE else desk.ask("queue.count", condition=condition)["recipients"]
    except NotACondition as fault:
        wrong = str(fault)
    values = {"rows": rows, "count": count, "meant": meant, "labels": LABELS, "wrong": wrong}
    return render(request, "queue/list.html", 422 if wrong else 200, **values)


@router.get("/messages/{number}")
def message(request: Request, desk: OfDesk, who: Looking, number: int) -> Response:
    """Envelope, recipients with what keeps each, every attempt with the words of the other side."""
    shown = desk.ask("queue.show", id=number)
    known = shown["message"] is not None or bool(shown["journal"])
    return render(
        request,
        "queue/message.html",
        200 if known else 404,
        number=number,
        message=shown["message"],
        recipients=shown["recipients"][:AT_ONCE],
        of=len(shown["recipients"]),
        journal=shown["journal"],
        header=shown["header"],
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


def sums(queues: Iterable[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Scheduled queues added up by `name`, the longest first."""
    found: dict[str, dict[str, Any]] = {}
    for one in queues:
        row = found.setdefault(
            one[name], {"stream": "", "domain": "", name: one[name], "queues": 0, "held_whole": False}
        )
        row["queues"] += 1
        row["oldest"] = min(row.get("oldest", one["oldest"]), one["oldest"])
        for part in _SUMS:
            row[part] = row.get(part, 0) + one[part]
    return sorted(found.values(), key=lambda row: -row["total"])


def total(queues: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """All of them together."""
    found = dict.fromkeys((*_SUMS, "waiting"), 0)
    for one in queues:
        for part in found:
            found[part] += one[part]
    return found
