"""The suppression list: who is not written to any more, and why. The mail server keeps it, so it must run."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from postduif.bounce.address_state import EVERY_TYPE, Cause
from postduif.campaign.web import noting
from postduif.campaign.web.acting import see_released
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import AfterText, Filter, Limit, Line, Page, Shape, paged, rfc3339

router = APIRouter(prefix="/suppression", tags=["suppression list"])
Address = Annotated[str, Path(min_length=1, max_length=400, description="An address, or a pattern: *@example.com.")]
CauseName = Literal["hard_bounce", "soft_bounces", "mailbox_full", "complaint", "unsubscribe", "manual", "erased"]
_TIMES = ("at", "since", "until")


class EntryIn(Shape):
    """Addresses that are not to be written to."""

    addresses: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    type: Line = Field(
        default="", description=f"Only mail of this type, as an unsubscribe; {EVERY_TYPE} is every type."
    )


class Unfit(Shape):
    """An address that cannot be entered."""

    address: str
    detail: str


class Entered(Shape):
    """What came of it."""

    changed: int
    problems: list[Unfit]


class Released(Shape):
    """What came of it."""

    changed: int


class About(Shape):
    """All that is on the list about one address."""

    address: str
    refused_by: dict[str, Any] | None = Field(description="What refuses mail without a type to it; null: nothing.")
    entries: list[dict[str, Any]] = Field(description="Those of patterns that mean it, too.")
    history: list[dict[str, Any]]


@router.get("")
def list_entries(
    request: Request,
    who: Looking,
    state: Literal["refusing", "all", "with_errors", "quarantined", "suppressed"] = "refusing",
    cause: CauseName | None = None,
    type: Filter = "",  # noqa: A002  as it stands in the address
    domain: Filter = "",
    after: AfterText = "",
    limit: Limit = 100,
) -> Page[dict[str, Any]]:
    """Entries, by address."""
    wanted = {"standing": "" if state == "all" else state, "cause": cause or "", "type": type, "domain": domain}
    found = who.desk.ask("suppress.list", wanted=wanted, after=_cursor(after), limit=limit + 1)["entries"]
    return paged(request, found, limit, _key, "after", _entry)


@router.post("", status_code=201)
def enter(who: Editing, given: EntryIn) -> Entered:
    """Do not write to these any more. Takes back nothing that is stronger already."""
    cause = Cause.UNSUBSCRIBE if given.type else Cause.MANUAL
    row = {"cause": cause.value, "type": given.type, "reason": given.reason, "source": who.name}
    found = who.desk.ask("suppress.enter", rows=[{"address": one, **row} for one in given.addresses])
    unfit = {place for place, _ in found["problems"]}
    taken = [one for place, one in enumerate(given.addresses) if place not in unfit]
    noting.suppression(who, "suppression.added", taken, given.reason)
    problems = [Unfit(address=given.addresses[place], detail=detail) for place, detail in found["problems"]]
    return Entered(changed=found["changed"], problems=problems)


@router.get("/{address:path}")
def one(who: Looking, address: Address) -> About:
    """Everything about one address, with its history."""
    (found,) = who.desk.ask("suppress.show", addresses=[address])
    refused = found["refused_by"]
    return About(
        address=found["address"],
        refused_by=_entry(refused) if refused else None,
        entries=[_entry(row) for row in found["entries"]],
        history=[_entry(row) for row in found["history"]],
    )


@router.delete("/{address:path}")
def release(
    who: Editing,
    address: Address,
    reason: Annotated[str, Query(min_length=1, max_length=1000)],
    type: Filter = "",  # noqa: A002  as it stands in the address
) -> Released:
    """Write to it again: all that is there, or the unsubscribe from one type. What people said themselves, an
    unsubscribe or a complaint, only with `administer`.
    """
    (known,) = who.desk.ask("suppress.show", addresses=[address])
    see_released(who, [one["cause"] for one in known["entries"] if one["type"] == type or not type])
    found = who.desk.ask("suppress.release", addresses=[address], reason=reason, type=type, by=who.name)
    if found["unknown"]:
        raise Problem("not_found", "This address is not on the list.")
    noting.suppression(who, "suppression.released", [address], reason)
    return Released(changed=found["changed"])


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: rfc3339(row[name]) for name in _TIMES if isinstance(row.get(name), int | float) and row[name]}
    errors = {"errors": [rfc3339(at) for at in row["errors"]]} if isinstance(row.get("errors"), list) else {}
    return row | times | errors


def _key(row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(f"{row['subject']}\n{row['type']}".encode()).decode().rstrip("=")


def _cursor(text: str) -> list[str]:
    try:
        subject, _, type_ = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("\n")
    except (binascii.Error, ValueError):
        raise Problem("invalid", "after is none of our cursors.", remedy="Follow `next`.") from None
    return [subject, type_]
