"""The life of a mailing: one table of what can be done in which state, and what must be true for it.

Pure: a mailing and an action go in, the state after it comes out, or a refusal that says what can be done.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.record import Mailing, Policy, State


class Action(StrEnum):
    """What is done to a mailing."""

    CREATE = "create"
    DELETE = "delete"
    EDIT = "edit"
    PREPARE = "prepare"
    STOP_PREPARING = "stop preparing"
    SEND = "send"
    SCHEDULE = "schedule"
    PLAN = "plan"
    REPEAT = "repeat"
    UNSCHEDULE = "unschedule"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    DUE = "due"
    """Prepare it, for its time has come."""
    READY = "ready"
    READY_FOR_DATE = "ready for its date"
    FAIL = "fail"
    MISS = "miss"
    """A date has passed."""
    SPAWN = "spawn"
    """A mailing was made for a date."""
    END = "end"
    """There are no more dates."""
    STARTED = "started"
    """The MTA has it."""
    GIVE_BACK = "give back"
    """It could not be handed over."""
    HOLD = "hold"
    """Paused by itself."""
    FINISH = "finish"
    STOPPED = "stopped"
    """Everything is withdrawn."""


Guard = Callable[[Mailing], str]
"""Why it may not be, and what to do; "": it may. It sees the mailing as it will be."""


class Step(NamedTuple):
    """Where an action leads."""

    to: State
    guards: tuple[Guard, ...] = ()


def is_no_template(mailing: Mailing) -> str:
    """A template is never sent."""
    return "it is a template; create a mailing from it" if mailing.template else ""


def has_target(mailing: Mailing) -> str:
    """Somebody is meant."""
    target = mailing.draft.target
    if target.selections or target.projects or target.persons or target.condition.strip():
        return ""
    return "nobody is meant; give it a selection, a project, a person or a condition"


def has_recipients(mailing: Mailing) -> str:
    """Somebody is left to get it."""
    counts = mailing.run.counts
    if counts.targeted > counts.excluded:
        return ""
    return "nobody is to get it: everybody is excluded; look at the exclusions and edit the target"


def passed_checks(mailing: Mailing) -> str:
    """No check forbids it."""
    errors = mailing.run.counts.errors
    return f"{errors} of its checks forbid it; look at the checks, mend what they name, prepare it again" * bool(errors)


def has_date(mailing: Mailing) -> str:
    """The schedule has a date that is to come."""
    return "" if mailing.next is not None else "its schedule has no date to come; choose a later one, or send it now"


def has_schedule(mailing: Mailing) -> str:
    """It is to go at a time."""
    return "" if mailing.schedule else "it has no schedule; schedule it or send it"


def has_no_schedule(mailing: Mailing) -> str:
    """Nobody has said when."""
    return "it has a schedule; it becomes ready for its date" if mailing.schedule else ""


def goes_once(mailing: Mailing) -> str:
    """Its schedule is one moment."""
    if mailing.schedule and mailing.schedule.rule:
        return "its schedule is a rule; give it a moment, or let it repeat"
    return ""


def has_rule(mailing: Mailing) -> str:
    """Its schedule is a rule."""
    return "" if mailing.schedule and mailing.schedule.rule else "its schedule is one moment; give it a rule"


def takes_newest(mailing: Mailing) -> str:
    """It is prepared when its time comes."""
    if mailing.draft.policy is Policy.NEWEST:
        return ""
    return 'it goes as it was prepared; prepare it first, or set its policy to "newest"'


def stays_newest(mailing: Mailing) -> str:
    """It is still prepared when its time comes."""
    if mailing.draft.policy is Policy.NEWEST:
        return ""
    return "its schedule needs the newest policy; leave that as it is, or unschedule it first"


def goes_as_prepared(mailing: Mailing) -> str:
    """What was looked at is what goes."""
    return "its policy is newest, so it is planned" if mailing.draft.policy is Policy.NEWEST else ""


_PREPARE = Step(State.PREPARING, (is_no_template, has_target))
_SEND = Step(State.HANDING_OVER, (has_recipients, passed_checks))
_SCHEDULE = Step(State.SCHEDULED, (goes_as_prepared, goes_once, has_date, has_recipients, passed_checks))
_PLAN = Step(State.PLANNED, (is_no_template, takes_newest, goes_once, has_date, has_target))
_REPEAT = Step(State.REPEATING, (is_no_template, takes_newest, has_rule, has_date, has_target))

TABLE: dict[tuple[State, Action], Step] = {
    (State.ABSENT, Action.CREATE): Step(State.DRAFT),
    (State.DRAFT, Action.EDIT): Step(State.DRAFT),
    (State.DRAFT, Action.PREPARE): _PREPARE,
    (State.DRAFT, Action.PLAN): _PLAN,
    (State.DRAFT, Action.REPEAT): _REPEAT,
    (State.DRAFT, Action.DELETE): Step(State.ABSENT),
    (State.PREPARING, Action.STOP_PREPARING): Step(State.DRAFT),
    (State.PREPARING, Action.READY): Step(State.PREPARED, (has_no_schedule,)),
    (State.PREPARING, Action.READY_FOR_DATE): Step(State.SCHEDULED, (has_schedule, has_recipients, passed_checks)),
    (State.PREPARING, Action.FAIL): Step(State.FAILED),
    (State.PREPARING, Action.MISS): Step(State.DRAFT),
    (State.FAILED, Action.EDIT): Step(State.DRAFT),
    (State.FAILED, Action.PREPARE): _PREPARE,
    (State.FAILED, Action.DELETE): Step(State.ABSENT),
    (State.PREPARED, Action.EDIT): Step(State.DRAFT),
    (State.PREPARED, Action.PREPARE): _PREPARE,
    (State.PREPARED, Action.SEND): _SEND,
    (State.PREPARED, Action.SCHEDULE): _SCHEDULE,
    (State.PREPARED, Action.PLAN): _PLAN,
    (State.PREPARED, Action.REPEAT): _REPEAT,
    (State.SCHEDULED, Action.EDIT): Step(State.DRAFT),
    (State.SCHEDULED, Action.PREPARE): _PREPARE,
    (State.SCHEDULED, Action.SCHEDULE): _SCHEDULE,
    (State.SCHEDULED, Action.PLAN): _PLAN,
    (State.SCHEDULED, Action.UNSCHEDULE): Step(State.PREPARED),
    (State.SCHEDULED, Action.SEND): _SEND,
    (State.SCHEDULED, Action.MISS): Step(State.PREPARED),
    (State.PLANNED, Action.EDIT): Step(State.PLANNED, (stays_newest, has_target)),
    (State.PLANNED, Action.DUE): _PREPARE,
    (State.PLANNED, Action.PLAN): _PLAN,
    (State.PLANNED, Action.UNSCHEDULE): Step(State.DRAFT),
    (State.PLANNED, Action.MISS): Step(State.DRAFT),
    (State.REPEATING, Action.EDIT): Step(State.REPEATING, (stays_newest, has_target)),
    (State.REPEATING, Action.REPEAT): _REPEAT,
    (State.REPEATING, Action.UNSCHEDULE): Step(State.DRAFT),
    (State.REPEATING, Action.SPAWN): Step(State.REPEATING),
    (State.REPEATING, Action.MISS): Step(State.REPEATING),
    (State.REPEATING, Action.END): Step(State.FINISHED),
    (State.HANDING_OVER, Action.STARTED): Step(State.SENDING),
    (State.HANDING_OVER, Action.GIVE_BACK): Step(State.PREPARED),
    (State.HANDING_OVER, Action.STOP): Step(State.STOPPING),
    (State.SENDING, Action.PAUSE): Step(State.PAUSED),
    (State.SENDING, Action.HOLD): Step(State.PAUSED),
    (State.SENDING, Action.STOP): Step(State.STOPPING),
    (State.SENDING, Action.FINISH): Step(State.FINISHED),
    (State.PAUSED, Action.RESUME): Step(State.SENDING),
    (State.PAUSED, Action.STOP): Step(State.STOPPING),
    (State.PAUSED, Action.FINISH): Step(State.FINISHED),
    (State.STOPPING, Action.STOPPED): Step(State.STOPPED),
}

BY_ITSELF = frozenset(
    {
        *(Action.CREATE, Action.DUE, Action.READY, Action.READY_FOR_DATE, Action.FAIL, Action.MISS),
        *(Action.SPAWN, Action.END, Action.STARTED, Action.GIVE_BACK, Action.HOLD, Action.FINISH, Action.STOPPED),
    }
)
"""Done by what prepares and sends; the others by people."""


def possible(mailing: Mailing) -> list[Action]:
    """What people can do with it in its state, in the order of the table; a guard may still say no."""
    return [action for state, action in TABLE if state is mailing.state and action not in BY_ITSELF]


def decide(mailing: Mailing, action: Action) -> State:
    """The state after it. Raises NotNow."""
    step = TABLE.get((mailing.state, action))
    if not step:
        actions = ", ".join(possible(mailing)) or "clone it to send it again"
        if not possible(mailing) and mailing.state is State.STOPPING:
            actions = "wait until it has stopped"
        raise NotNow(f"mailing {mailing.number} is {mailing.state}, which rules out: {action}; possible now: {actions}")
    if why := _guarded(mailing, step):
        raise NotNow(f"mailing {mailing.number} ({mailing.state}) cannot {action}: {why}")
    return step.to


def why_not(mailing: Mailing, action: Action) -> str:
    """Why people cannot do it now, in some words that need no number of the mailing; "": they can."""
    if step := TABLE.get((mailing.state, action)):
        return _guarded(mailing, step)
    words = _WHEN.get(action, "")
    if mailing.state in (State.DRAFT, State.FAILED) and action in (Action.SEND, Action.SCHEDULE):
        words = "prepare it first"
    return f"it is {mailing.state}; {words}".rstrip("; ")


def why_not_scheduled(mailing: Mailing) -> str:
    """Why it cannot be given a moment to go at; "": it can. The moment itself is not judged."""
    action = Action.PLAN if mailing.draft.policy is Policy.NEWEST else Action.SCHEDULE
    return why_not(mailing._replace(schedule=None, next=0.0), action)


_WHEN = {
    Action.PREPARE: "only what waits is prepared",
    Action.EDIT: "only what is not sent yet is edited; clone it",
    Action.STOP_PREPARING: "that is for one that is being prepared",
    Action.UNSCHEDULE: "that is for one that has a date",
    Action.PAUSE: "that is for one that is being sent",
    Action.RESUME: "that is for one that is paused",
    Action.STOP: "that is for one that is being sent",
    Action.DELETE: "only a draft is deleted; archive it",
}


def _guarded(mailing: Mailing, step: Step) -> str:
    return next((why for guard in step.guards if (why := guard(mailing))), "")
