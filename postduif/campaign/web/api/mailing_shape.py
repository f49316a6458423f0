"""A mailing in JSON, and back: what is given becomes a draft, which is judged by who stores it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from postduif.campaign.accounts.approval import version_of
from postduif.campaign.checks import typology
from postduif.campaign.content import draft as contents
from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.listing import Entry
from postduif.campaign.mailings.record import MAX_RATE, Draft, Mailing, Policy, State
from postduif.campaign.mailings.schedule import DEFAULT_GRACE, Schedule
from postduif.campaign.mailings.states import Action, why_not, why_not_scheduled
from postduif.campaign.mailings.waves import Canary, Waves
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import Line, Moment, Name, Shape

Texts = Annotated[list[Line], Field(max_length=1000)]
Condition = Annotated[str, Field(max_length=20_000)]
Share = Annotated[float, Field(ge=0, le=1)]
StateName = Literal[
    "draft", "preparing", "prepared", "failed", "scheduled", "planned", "repeating",
    "handing over", "sending", "paused", "stopping", "stopped", "finished",
]  # fmt: skip
ActionName = Literal["prepare", "stop-preparing", "send", "schedule", "unschedule", "pause", "resume", "stop"]


class Target(Shape):
    """Who is meant, and who is not. Names as people write them; docs/audience.md has conditions."""

    selections: Texts | None = None
    projects: Texts | None = Field(default=None, description="NAME, or NAME/ROLE. With selections they do not count.")
    persons: Texts | None = Field(default=None, description="Addresses, or #ID.")
    condition: Condition | None = Field(default=None, description="Must be true of all; alone, a source itself.")
    collection: Line | None = Field(default=None, description="One mail for each child record of this kind.")
    child_condition: Condition | None = None
    mail_type: Line | None = Field(default=None, description="What people unsubscribe from.")
    exclude_selections: Texts | None = None
    exclude_domains: Texts | None = None
    exclude_addresses: Texts | None = None


class CanaryShape(Shape):
    """A first wave that the others wait for."""

    size: int = Field(ge=1, le=16_777_216, description="Recipients.")
    wait: float = Field(gt=0, description="Seconds from its start until it is judged.")
    bounce: Share = 0.05
    block: Share = 0.02
    defer: Share = 0.3


class WavesShape(Shape):
    """How it is spread over time: shares or counts, with a period between; nothing: all at once."""

    shares: Annotated[list[float], Field(max_length=100)] = Field(default=[])
    counts: Annotated[list[int], Field(max_length=100)] = Field(default=[])
    period: float = Field(default=0.0, ge=0, description="Seconds from one wave to the next.")
    canary: CanaryShape | None = None


class MailingPatch(Shape):
    """What is decided of a mailing; what is left out stays, also within `content` and `target`."""

    name: Name | None = None
    stream: Name | None = None
    target: Target | None = None
    content: dict[str, Any] | None = Field(
        default=None, description="docs/content.md: subject, sender, body, text and so on. A member that is null goes."
    )
    typology: dict[str, Any] | None = Field(default=None, description="docs/checks.md; whole.")
    policy: Literal["frozen", "newest"] | None = Field(
        default=None, description="newest: prepared when its time comes."
    )
    validity: float | None = Field(default=None, ge=60, description="Seconds; what is not delivered then is given up.")
    rate: int | None = Field(default=None, ge=0, le=MAX_RATE, description="Messages a minute; 0: no limit.")
    waves: WavesShape | None = None
    priority: int | None = Field(default=None, ge=0, le=100, description="In the place of the stream's; null: that.")
    folder: Line | None = None
    tags: Texts | None = None


class MailingIn(MailingPatch):
    """A new one. Only the name is needed."""

    name: Name
    template: bool = Field(default=False, description="Something to make mailings from; never sent itself.")


class ScheduleIn(Shape):
    """When it goes."""

    start: Line = Field(description="Local time without a zone: 2026-12-01T09:00:00.")
    zone: Line = Field(description="As Europe/Amsterdam, or UTC.")
    rule: Line = Field(default="", description="Of what repeats: FREQ=WEEKLY;BYDAY=TU (RFC 5545).")
    iterations: int = Field(default=0, ge=0, le=100_000, description="How many dates in all; 0: no end.")
    exceptions: Annotated[list[Line], Field(max_length=1000)] = Field(default=[], description="Days: 2026-12-25.")
    grace: float = Field(default=DEFAULT_GRACE, ge=0, description="Seconds that a date may be missed by.")


class FileOut(Shape):
    """An image or attachment."""

    name: str
    size: int
    hash: str = Field(description="SHA-256, hexadecimal.")


class MailingBrief(Shape):
    """A mailing in a list."""

    number: int
    name: str
    state: StateName
    reason: str
    template: bool
    parent: int | None
    stream: str
    folder: str
    tags: list[str]
    next: Moment | None
    targeted: int
    excluded: int
    errors: int
    warnings: int
    started: Moment | None
    ended: Moment | None
    changed: Moment
    changed_by: str


class MailingOut(Shape):
    """A mailing."""

    number: int
    name: str
    state: StateName
    reason: str = Field(description="The words of what brought it into its state.")
    allowed: list[ActionName] = Field(description="What can be done with it now, as far as its state goes.")
    revision: int = Field(description="Counts edits. The ETag counts preparations, too.")
    template: bool
    archived: bool
    parent: int | None = Field(description="The repeating mailing that it is one date of.")
    stream: str
    target: dict[str, Any]
    content: dict[str, Any]
    typology: dict[str, Any]
    policy: Literal["frozen", "newest"]
    validity: float
    rate: int
    waves: dict[str, Any]
    priority: int | None
    folder: str
    tags: list[str]
    files: list[FileOut]
    schedule: dict[str, Any] | None
    next: Moment | None = Field(description="When it goes.")
    targeted: int
    excluded: int
    errors: int
    warnings: int
    prepared: Moment | None
    started: Moment | None
    ended: Moment | None
    created: Moment
    created_by: str
    changed: Moment
    changed_by: str
    waits: str = Field(default="", description="After an action: why the mail server has not done it yet.")


_ACTIONS: dict[ActionName, Action] = {
    "prepare": Action.PREPARE,
    "stop-preparing": Action.STOP_PREPARING,
    "send": Action.SEND,
    "unschedule": Action.UNSCHEDULE,
    "pause": Action.PAUSE,
    "resume": Action.RESUME,
    "stop": Action.STOP,
}
_PLAIN = ("name", "stream", "validity", "rate", "folder")
_SAME = (
    *("number", "reason", "revision", "template", "archived", "parent", "next"),
    *("created", "created_by", "changed", "changed_by"),
)
_OF_DRAFT = ("name", "stream", "validity", "rate", "priority", "folder")


def drafted(before: Draft, given: MailingPatch) -> Draft:
    """The draft with what is given. Raises PostduifError."""
    said = given.model_dump(exclude_unset=True)
    fields: dict[str, Any] = {name: said[name] for name in _PLAIN if said.get(name) is not None}
    if "priority" in said:
        fields["priority"] = said["priority"]
    if said.get("target") is not None:
        fields["target"] = before.target._replace(**_told(said["target"]))
    if said.get("content") is not None:
        fields["content"] = _content(before.content, said["content"])
    if said.get("typology") is not None:
        fields["typology"] = typology.dump(typology.load(json.dumps(said["typology"])))
    if said.get("policy") is not None:
        fields["policy"] = Policy(said["policy"])
    if given.waves is not None:
        fields["waves"] = _waves(given.waves)
    if said.get("tags") is not None:
        fields["tags"] = tuple(dict.fromkeys(said["tags"]))
    return before._replace(**fields)


def schedule_of(given: ScheduleIn) -> Schedule:
    """Raises ScheduleFault."""
    try:
        start = datetime.fromisoformat(given.start)
        days = tuple(date.fromisoformat(one) for one in given.exceptions)
    except ValueError:
        raise ScheduleFault("start or exceptions cannot be read; write 2026-12-01T09:00:00 and 2026-12-25") from None
    return Schedule(start, given.zone, given.rule, given.iterations, days, given.grace)


def allowed(mailing: Mailing) -> list[ActionName]:
    """What people can do with it now."""
    found: list[ActionName] = [name for name, action in _ACTIONS.items() if not why_not(mailing, action)]
    if not mailing.template and not why_not_scheduled(mailing):
        found.insert(min(2, len(found)), "schedule")
    return found


def etag(mailing: Mailing) -> str:
    """Of what would be sent: what it says, and who was found to get it. States come and go without it."""
    return f'"{version_of(mailing)}"'


def brief(entry: Entry) -> MailingBrief:
    """In a list."""
    fields = {name: getattr(entry, name) for name in MailingBrief.model_fields if hasattr(entry, name)}
    return MailingBrief(**fields | entry.counts._asdict() | {"state": entry.state.value, "tags": list(entry.tags)})


def shown(mailing: Mailing, waits: str = "") -> MailingOut:
    """Whole."""
    draft, run = mailing.draft, mailing.run
    return MailingOut(
        **{name: getattr(mailing, name) for name in _SAME},
        **{name: getattr(draft, name) for name in _OF_DRAFT},
        **run.counts._asdict(),
        **{name: getattr(run, name) for name in ("prepared", "started", "ended")},
        state=cast(StateName, mailing.state.value),
        allowed=allowed(mailing),
        target={name: _listed(value) for name, value in draft.target._asdict().items()},
        content=json.loads(draft.content),
        typology=json.loads(draft.typology),
        policy=draft.policy.value,
        waves=_shown_waves(draft.waves),
        tags=list(draft.tags),
        files=[FileOut(name=one.name, size=one.size, hash=one.hash) for one in mailing.files],
        schedule=_shown_schedule(mailing.schedule),
        waits=waits,
    )


def states(names: list[str]) -> tuple[State, ...]:
    """Of a filter. Raises Problem."""
    try:
        return tuple(map(State, names))
    except ValueError as error:
        raise Problem("invalid", f"state: {error}") from None


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, and lists as they are kept."""
    said = {name: value for name, value in given.items() if value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


def _content(before: str, given: Mapping[str, Any]) -> str:
    merged = {"subject": "", "sender": {"address": ""}} | json.loads(before) | given
    text = json.dumps({name: value for name, value in merged.items() if value is not None}, ensure_ascii=False)
    contents.begun(text)
    return text


def _waves(given: WavesShape) -> Waves:
    canary = Canary(**given.canary.model_dump()) if given.canary else None
    return Waves(tuple(given.shares), tuple(given.counts), given.period, canary)


def _shown_waves(waves: Waves) -> dict[str, Any]:
    fields = {name: _listed(value) for name, value in waves._asdict().items()}
    return fields | {"canary": waves.canary._asdict() if waves.canary else None}


def _shown_schedule(schedule: Schedule | None) -> dict[str, Any] | None:
    if schedule is None:
        return None
    days = [day.isoformat() for day in schedule.exceptions]
    return schedule._asdict() | {"start": schedule.start.isoformat(), "exceptions": days}


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
