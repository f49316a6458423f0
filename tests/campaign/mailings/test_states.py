"""The table of states: what leads where, what it asks for, and that the page about it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.occasions import schedule
from postduif.campaign.mailings.record import Counts, Draft, State
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.states import BY_ITSELF, TABLE, Action, Step, decide, possible
from tests.campaign.mailings.records import (
    COUNTS,
    DAILY,
    DAY,
    DRAFT,
    NEWEST,
    NOW,
    ONCE,
    a_draft,
    a_file,
    a_mailing,
    by,
)

PAGE = (Path(__file__).parents[3] / "docs" / "mailings.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([a-z ]+) \| `([a-z ]+)` \| ([a-z ]+) \| (.*?) \| (people|itself|both) \|$", re.MULTILINE)
END = {State.STOPPED, State.FINISHED, State.ABSENT}


def shown(step: Step) -> str:
    """What a step asks for, as the page says it: the first lines of the guards."""
    return " ".join(str(guard.__doc__) for guard in step.guards)


def test_page() -> None:
    """The page has every transition with what it asks for and who does it, and no other."""
    expected = [
        (str(state), str(action), str(step.to), shown(step), "itself" if action in BY_ITSELF else "people")
        for (state, action), step in TABLE.items()
    ]
    who = {("scheduled", "send"): "both"}
    assert ROW.findall(PAGE) == [(*row[:4], who.get((row[0], row[1]), row[4])) for row in expected]


def test_states_are_on_the_page() -> None:
    """The page says of every state what it is and what comes next after a crash in it."""
    section = PAGE.split("## States")[1].split("\n## ")[0]
    named = re.findall(r"^\| ([a-z ]+) \| .+ \|$", section, re.MULTILINE)
    assert [*named[1:]] == [str(state) for state in State if state is not State.ABSENT]
    crash = PAGE.split("## After a crash")[1].split("\n## ")[0]
    found = {name for cell in re.findall(r"^\| ([a-z, ]+) \|", crash, re.MULTILINE) for name in cell.split(", ")}
    assert {str(state) for state in State} - {"absent"} <= found


def test_every_state_can_be_reached_and_left() -> None:
    """From nothing every state can be reached, and from every state an end."""
    reached, old = {State.ABSENT}, set[State]()
    while reached != old:
        old = set(reached)
        reached |= {step.to for (state, _), step in TABLE.items() if state in old}
    assert reached == set(State)
    assert {state for state, _ in TABLE} == set(State) - {State.STOPPED, State.FINISHED}
    ending = set(END)
    for _ in State:
        ending |= {state for (state, _), step in TABLE.items() if step.to in ending}
    assert ending == set(State)


def test_every_action_is_used() -> None:
    """There is no action that leads nowhere."""
    assert {action for _, action in TABLE} == set(Action)


@pytest.mark.parametrize("state", [State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING, *sorted(END)])
def test_nothing_on_its_way_is_edited(state: State) -> None:
    """What is sent is what was prepared."""
    assert not {Action.EDIT, Action.PREPARE, Action.DELETE, Action.SCHEDULE} & {
        action for one, action in TABLE if one is state
    }


def test_every_refusal_says_what_can_be_done() -> None:
    """What the table does not know is refused in one line with the actions that it does know in that state."""
    mailing = a_mailing(a_file(), State.PREPARED)
    for state in set(State) - {State.ABSENT}:
        there = mailing._replace(state=state)
        for action in Action:
            if (state, action) not in TABLE:
                with pytest.raises(
                    NotNow, match=rf"^mailing 1 is {state}, which rules out: {action}; possible now: ."
                ) as told:
                    decide(there, action)
                assert all(str(other) in str(told.value) for other in possible(there))


def test_the_end_says_how_to_go_on() -> None:
    """Of what is over, the refusal names the way to send it again."""
    connection = a_file()
    with pytest.raises(NotNow, match="mailing 1 is stopped, which rules out: resume; possible now: clone it"):
        running.resume(connection, a_mailing(connection, State.STOPPED), by())
    with pytest.raises(NotNow, match="possible now: wait until it has stopped"):
        running.stop(connection, a_mailing(connection, State.STOPPING), by())


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (COUNTS._replace(errors=2), "cannot send: 2 of its checks forbid it"),
        (COUNTS._replace(excluded=100), "everybody is excluded"),
    ],
)
def test_may_not_be_sent(counts: Counts, why: str) -> None:
    """A check that failed, and nobody to write to, forbid sending and scheduling."""
    connection = a_file()
    mailing = a_mailing(connection, State.PREPARED, counts=counts)
    with pytest.raises(NotNow, match=why):
        running.send(connection, mailing, by())
    with pytest.raises(NotNow, match=why.replace("cannot send", "cannot schedule")):
        schedule(connection, mailing, ONCE, by())


@pytest.mark.parametrize(
    ("state", "draft", "when", "why"),
    [
        (State.DRAFT, DRAFT, ONCE, "is draft, which rules out: schedule; possible now: edit, prepare, plan"),
        (State.DRAFT, DRAFT, DAILY, 'prepare it first, or set its policy to "newest"'),
        (State.PREPARED, DRAFT, ONCE._replace(start=ONCE.start.replace(year=2025)), "has no date to come"),
        (State.DRAFT, NEWEST, DAILY._replace(iterations=1, start=ONCE.start.replace(day=1)), "has no date to come"),
        (State.DRAFT, NEWEST._replace(target=Spec()), ONCE, "nobody is meant"),
        (State.SENDING, DRAFT, ONCE, "is sending, which rules out: schedule; possible now: pause, stop"),
    ],
)
def test_may_not_be_scheduled(state: State, draft: Draft, when: Schedule, why: str) -> None:
    """What is frozen is prepared before it is scheduled, what repeats is newest, and the date is to come."""
    connection = a_file()
    with pytest.raises(NotNow, match=re.escape(why)):
        schedule(connection, a_mailing(connection, state, draft), when, by())


def test_nobody_is_meant() -> None:
    """Without a target nothing is prepared."""
    connection = a_file()
    with pytest.raises(NotNow, match="cannot prepare: nobody is meant"):
        running.prepare(connection, a_draft(connection, DRAFT._replace(target=Spec(condition=" "))), by())


def test_whole_life() -> None:
    """The record keeps when it was prepared, when it began and when it ended, and what was found."""
    connection = a_file()
    mailing = a_mailing(connection, State.SENDING)
    mailing = running.hold(connection, mailing, By("canary", NOW + 60, "7.1% bounced; at most 5%"))
    assert (mailing.state, mailing.reason) == (State.PAUSED, "7.1% bounced; at most 5%")
    mailing = running.resume(connection, mailing, by())
    mailing = running.finish(connection, mailing, by("queue", NOW + DAY))
    assert mailing.run == (1, COUNTS, NOW, NOW, NOW + DAY)
    assert mailing.state is State.FINISHED
