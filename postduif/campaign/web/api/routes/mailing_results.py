"""What became of a mailing: figures, links, recipients, who was left out; and selections made of these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from postduif.campaign.audience.connection import audience
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.places import Places
from postduif.campaign.results import people
from postduif.campaign.results.figures import Line, figures_of, lines
from postduif.campaign.results.kept import Kept
from postduif.campaign.results.opening import opened, place_of
from postduif.campaign.results.people import EVERYBODY, Excluded, Recipient, Which
from postduif.campaign.results.reading import DEFINITIONS as READING
from postduif.campaign.results.reading import is_tracked, link_results, reading
from postduif.campaign.results.selecting import enrol, select, select_excluded
from postduif.campaign.results.tally import Source, Tally
from postduif.campaign.results.tally import tally_of as fresh_tally
from postduif.campaign.results.timeline import Event, as_sent, numbers_of, timeline
from postduif.campaign.web import noting
from postduif.campaign.web.api.caller import Caller, Editing, Looking
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import After, Filter, Limit, Moment, Name, Number, Page, Shape, paged
from postduif.campaign.web.api.shape import Line as Text
from postduif.campaign.web.whom import asked_for
from postduif.queue.rows import MAX_RECIPIENTS

router = APIRouter(prefix="/mailings/{number}", tags=["results of a mailing"])
StateName = Literal["pending", "delivered", "bounced", "failed", "expired", "suppressed", "withdrawn", "unknown"]
DidName = Literal[
    "opened", "not opened", "clicked", "not clicked", "responded", "unsubscribed", "complained", "answered"
]
LinkNumber = Annotated[int, Query(ge=0, le=MAX_RECIPIENTS, description="With clicked and not clicked: this link.")]


class SaidOut(Shape):
    """A finding of the checks."""

    rule: str
    level: Literal["error", "warning", "info"]
    text: str
    remedy: str


class GaveOut(Shape):
    """What one source of the target gave."""

    name: str
    people: int
    more: int = Field(description="Of them not in a source before it.")


class ReportOut(Shape):
    """What a preparation, or a check, found."""

    at: Moment
    seconds: float
    preparation: int
    sources: list[GaveOut]
    notes: list[str]
    targeted: int
    excluded: dict[str, int] = Field(description="By cause.")
    to_deliver: int
    seeds: int
    waves: list[int]
    empty: dict[str, int] = Field(description="For how many a variable leaves a hole.")
    errors: int
    warnings: int
    findings: list[SaidOut]


class FigureOut(Shape):
    """A figure, with what it is a share of."""

    name: str
    value: int
    of: str = Field(description="The figure that it is a share of; empty: of none.")
    total: int
    share: float | None
    words: str = Field(description="What it counts.")


class FiguresOut(Shape):
    """All figures of this moment."""

    figures: list[FigureOut]
    reading: list[FigureOut] = Field(description="Opens and clicks; empty for what is not tracked.")
    causes: dict[str, int] = Field(description="Of those excluded.")
    categories: dict[str, dict[str, int]] = Field(description="Of those bounced, failed or expired: what was said.")


class LinkOut(Shape):
    """A link of the mail."""

    link: int
    label: str
    url: str
    part: str
    line: int
    clickers: int
    clicks: int
    clickers_with_machines: int
    clicks_with_machines: int


class Links(Shape):
    """All of them, in their order in the mail."""

    items: list[LinkOut]


class RecipientOut(Shape):
    """One recipient."""

    number: int
    state: StateName
    address: str
    domain: str
    contact: int
    child: int = Field(description="The child record that it is for; 0: none.")
    attempts: int
    code: int
    enhanced: str
    text: str
    remote: str
    category: str
    at: Moment | None = Field(description="When it ended.")
    due: Moment | None = Field(description="When it is tried again.")


class HappenedOut(Shape):
    """One thing that happened to a recipient."""

    at: Moment | None
    kind: str
    attempt: int
    code: int
    enhanced: str
    text: str
    remote: str
    category: str
    host: str
    source: str
    tls: str
    waited: float
    connect: float
    transmit: float
    link: int
    agent: str
    command: str = Field(description="What the host answered so; empty: it took all, or was not asked.")
    machine: str = Field(description="Why a visit is taken for a machine's.")


class TimelineOut(Shape):
    """One recipient with all that happened."""

    recipient: RecipientOut
    events: list[HappenedOut]


class ExcludedOut(Shape):
    """Somebody who was meant and gets nothing."""

    id: int
    contact: int
    child: int
    address: str
    cause: str


class WhoIn(Shape):
    """Which recipients."""

    state: StateName | None = None
    domain: Text = ""
    cause: Text = Field(default="", description="Of the last reply.")
    did: DidName | None = None
    link: int = Field(default=0, ge=0, le=MAX_RECIPIENTS)


class EnrolIn(WhoIn):
    """Which people become members of which project."""

    name: Name = Field(description="A project; made if it is not there.")
    role: Text = ""


class Enrolled(Shape):
    """What came of it."""

    project: int = Field(description="Its number.")
    added: int = Field(description="How many are new in it.")


class TakenIn(WhoIn):
    """Which people go into which selection."""

    name: Name = Field(description="A static selection; made if it is not there.")
    cause: Text = Field(default="", description="Of the last reply; with `excluded`, why they were left out.")
    excluded: bool = Field(default=False, description="Those who were left out, in the place of recipients.")


class Selected(Shape):
    """What came of it."""

    selection: int = Field(description="Its number.")
    added: int = Field(description="How many are new in it.")


@router.get("/report")
def report(who: Looking, number: Number) -> ReportOut:
    """What its last preparation found."""
    with mailings(who.desk.data_dir) as connection:
        find(connection, number)
    found = reports.read(Places(who.desk.data_dir).report(number))
    if found is None:
        raise Problem("no_results", "It was never prepared.")
    return report_out(found)


@router.get("/figures")
def figures(who: Looking, number: Number) -> FiguresOut:
    """How many got it, of how many; how many read it."""
    with tally_of(who, number) as tally:
        counted = figures_of(tally)
        source = Source(who.desk.data_dir, number)
        read = reading(source, counted.delivered) if is_tracked(tally.connection, source) else None
    return FiguresOut(
        figures=[_figure(line) for line in lines(counted)],
        reading=[_figure(line) for line in lines(read, READING)] if read else [],
        causes=dict(counted.causes),
        categories={state.value: dict(counts) for state, counts in counted.categories.items()},
    )


@router.get("/links")
def links(who: Looking, number: Number) -> Links:
    """Every link that is tracked, also those that nobody followed."""
    with tally_of(who, number) as tally:
        source = Source(who.desk.data_dir, number)
        found = link_results(source, reading(source, 0)) if is_tracked(tally.connection, source) else []
    return Links(items=[LinkOut.model_validate(one) for one in found])


@router.get("/recipients")
def recipients(
    request: Request,
    who: Looking,
    number: Number,
    state: StateName | None = None,
    domain: Filter = "",
    cause: Filter = "",
    did: DidName | None = None,
    link: LinkNumber = 0,
    address: Annotated[str, Query(max_length=400, description="Alone: the recipients with this address.")] = "",
    after: Annotated[int, Query(ge=-1, le=MAX_RECIPIENTS, description="The cursor of `next`.")] = -1,
    limit: Limit = 100,
) -> Page[RecipientOut]:
    """Each with the state and the last reply, by number."""
    which = _which(state, domain, cause, did, link)
    if address and which != EVERYBODY:
        raise Problem("invalid", "An address is asked for alone.", remedy="Leave the other filters out.")
    with tally_of(who, number) as tally:
        if address:
            tally.catch_up()
            numbers = numbers_of(tally.connection, as_sent(address), after=after, limit=limit + 1)
            found = people.read(tally, numbers)
        else:
            found = people.recipients(tally, which, after=after, limit=limit + 1)
    return paged(request, found, limit, lambda one: one.number, "after", _recipient)


@router.get("/recipients/{recipient}/timeline")
def one_timeline(who: Looking, number: Number, recipient: Annotated[int, Path(ge=0, le=MAX_RECIPIENTS)]) -> TimelineOut:
    """All that happened to one recipient, in order: attempts, replies, visits, wishes."""
    with tally_of(who, number) as tally:
        found = timeline(tally, recipient)
    if found is None:
        raise Problem("not_found", "The mailing has no such recipient.")
    return TimelineOut(recipient=_recipient(found.recipient), events=[_event(event) for event in found.events])


@router.get("/exclusions")
def exclusions(
    request: Request,
    who: Looking,
    number: Number,
    cause: Filter = "",
    address: Annotated[str, Query(max_length=400, description="Only who has this address.")] = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[ExcludedOut]:
    """Who was meant and gets nothing, and why."""
    _see_results(who, number)
    with opened(who.desk.data_dir, number) as connection:
        found = people.excluded(connection, cause, as_sent(address), after=after, limit=limit + 1)
    return paged(request, found, limit, lambda one: one.id, "after", _excluded)


@router.post("/selections", status_code=201)
def make_selection(who: Editing, number: Number, given: TakenIn) -> Selected:
    """Put recipients, or those left out, into a static selection. It may be done again: who is new comes too."""
    now = who.desk.clock.time()
    _see_results(who, number)
    which = _which(given.state, given.domain, "" if given.excluded else given.cause, given.did, given.link)
    if given.excluded and which != EVERYBODY:
        raise Problem("invalid", "Of those left out only the cause is asked.", remedy="Leave the other fields out.")
    with fresh_tally(who.desk.data_dir, number) as tally, audience(who.desk.data_dir) as connection:
        if given.excluded:
            made, added = select_excluded(connection, given.name, tally, given.cause, now)
        else:
            made, added = select(connection, given.name, tally, which, now)
    noting.numbered(who, "selection.filled", made, f"{added} from mailing {number}")
    return Selected(selection=made.id, added=added)


@router.post("/projects", status_code=201)
def make_project(who: Editing, number: Number, given: EnrolIn) -> Enrolled:
    """Make recipients members of a project. It may be done again: who is in it already gets the role, too."""
    _see_results(who, number)
    which = _which(given.state, given.domain, given.cause, given.did, given.link)
    with fresh_tally(who.desk.data_dir, number) as tally, audience(who.desk.data_dir) as connection:
        made, added = enrol(connection, given.name, given.role, tally, which, who.desk.clock.time())
    noting.numbered(who, "project.filled", made, f"{added} from mailing {number}")
    return Enrolled(project=made.id, added=added)


@contextlib.contextmanager
def kept_of(who: Caller, number: int) -> Iterator[Kept]:
    """What is kept of that mailing, for one call. Raises NoSuchMailing and NoResults."""
    _see_results(who, number)
    with who.desk.tallies.of(number) as kept:
        yield kept


@contextlib.contextmanager
def tally_of(who: Caller, number: int) -> Iterator[Tally]:
    """The same, the tally alone."""
    with kept_of(who, number) as kept:
        yield kept.tally


def report_out(found: reports.Report) -> ReportOut:
    """A report in JSON."""
    fields = {name: getattr(found, name) for name in ReportOut.model_fields}
    fields |= {name: list(fields[name]) for name in ("notes", "waves")}
    fields |= {name: dict(fields[name]) for name in ("excluded", "empty")}
    findings = [SaidOut.model_validate(one) for one in found.findings]
    sources = [GaveOut.model_validate(one) for one in found.sources]
    return ReportOut(**fields | {"findings": findings, "sources": sources})


def _see_results(who: Caller, number: int) -> None:
    """Raises NoSuchMailing and NoResults."""
    with mailings(who.desk.data_dir) as connection:
        find(connection, number)
    place_of(who.desk.data_dir, number)


def _which(state: str | None, domain: str, cause: str, did: str | None, link: int) -> Which:
    return asked_for(state or "", domain, cause, did or "", str(link or "")).which


def _figure(line: Line) -> FigureOut:
    return FigureOut(**line._asdict())


def _recipient(one: Recipient) -> RecipientOut:
    return RecipientOut(**one._asdict() | {"state": one.state.value})


def _event(event: Event) -> HappenedOut:
    fields: dict[str, Any] = event._asdict()
    return HappenedOut(**fields | {"machine": str(event.machine)})


def _excluded(one: Excluded) -> ExcludedOut:
    return ExcludedOut(**one._asdict())
