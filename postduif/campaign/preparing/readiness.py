"""What a mailing still needs before it can be sent, step by step, in words. Quick: nobody is counted, DNS is not asked.

What only a preparation finds out is said by its report; whether somebody may send it is for others to say.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from postduif.address import parse
from postduif.campaign.audience.gathering import judge
from postduif.campaign.audience.subscriptions import type_named
from postduif.campaign.audience.target import columns_of
from postduif.campaign.content import draft as drafts
from postduif.campaign.mailings.record import Mailing, Policy, State
from postduif.campaign.mailings.states import Action, has_target, why_not
from postduif.campaign.preparing.composition import compose
from postduif.campaign.preparing.values import named
from postduif.config.schema import Config
from postduif.errors import AddressError, PostduifError

_WAITS = (State.PREPARED, State.SCHEDULED, State.PLANNED, State.REPEATING)
_UNPREPARED = (State.DRAFT, State.PLANNED, State.REPEATING)


class Step(NamedTuple):
    """One of the steps, and how far it is."""

    path: str
    title: str
    missing: tuple[str, ...] = ()
    """What keeps the mailing from being sent, each with what to do."""
    remarks: tuple[str, ...] = ()
    """What somebody should know, and may want."""


def steps(people: sqlite3.Connection, config: Config, mailing: Mailing, now: float) -> tuple[Step, ...]:
    """Setup, content, recipients, checks and confirm, in that order. Raises StoreError."""
    made = (
        _setup(people, config, mailing),
        _content(people, config, mailing),
        _recipients(people, mailing, now),
        _checks(mailing),
    )
    return (*made, _confirm(mailing, sum(len(step.missing) for step in made[:3])))


def names_of(people: sqlite3.Connection, mailing: Mailing) -> tuple[str, ...]:
    """The variables that its recipients have, as templates write them. Raises PostduifError."""
    target = mailing.draft.target
    return tuple(named(people, columns_of(people, target)))


def _setup(people: sqlite3.Connection, config: Config, mailing: Mailing) -> Step:
    draft, missing, remarks = mailing.draft, [], []
    if draft.stream not in streams(config):
        missing.append(f'no stream is named "{draft.stream}" in the settings; choose another')
    if not draft.target.mail_type:
        remarks.append("without a type of mail, people who unsubscribed from a type get it all the same; choose one")
    else:
        try:
            type_named(people, draft.target.mail_type)
        except PostduifError as error:
            missing.append(str(error))
    return Step("setup", "Setup", tuple(missing), tuple(remarks))


def streams(config: Config) -> list[str]:
    """What a mailing can be sent by."""
    return ["default", *(one.name for one in config.stream if one.name != "default")]


def _content(people: sqlite3.Connection, config: Config, mailing: Mailing) -> Step:
    try:
        content = drafts.begun(mailing.draft.content)
    except PostduifError as error:
        return Step("content", "Content", (f"the content cannot be read: {error}",))
    missing = []
    if not content.subject.strip():
        missing.append("there is no subject; write one")
    try:
        parse(content.sender.address)
    except AddressError:
        missing.append("the sender has no address; write one")
    if not content.body.strip() and not content.text.strip():
        missing.append("there is no text; write the HTML or the text part")
    remarks: tuple[str, ...] = ()
    if not missing:
        try:
            remarks = compose(content, mailing, config, names_of(people, mailing)).warnings
        except PostduifError as error:
            missing.append(str(error))
    return Step("content", "Content", tuple(missing), remarks)


def _recipients(people: sqlite3.Connection, mailing: Mailing, now: float) -> Step:
    target = mailing.draft.target
    if why := has_target(mailing):
        return Step("recipients", "Recipients", (why,))
    try:
        notes = judge(people, target, now)
    except PostduifError as error:
        return Step("recipients", "Recipients", (str(error),))
    of_type = "no type of mail"  # setup says that
    return Step("recipients", "Recipients", (), tuple(note for note in notes if not note.startswith(of_type)))


def _checks(mailing: Mailing) -> Step:
    counts, missing, remarks = mailing.run.counts, [], []
    if mailing.state is State.DRAFT and mailing.draft.policy is Policy.FROZEN:
        missing.append("it is not prepared since it was last changed; prepare it")
    elif mailing.state is State.PREPARING:
        missing.append("it is being prepared; wait for that")
    elif mailing.state is State.FAILED:
        missing.append(f"preparing it failed: {mailing.reason or 'look at the logs'}")
    elif mailing.state in _UNPREPARED:
        remarks.append("its policy is newest: it is prepared and checked when its time comes")
    if counts.warnings:
        remarks.append(f"{counts.warnings} of the checks warn; look at what they say")
    return Step("checks", "Checks", tuple(missing), tuple(remarks))


def _confirm(mailing: Mailing, before: int) -> Step:
    if mailing.template:
        return Step("confirm", "Confirm", ("a template is never sent; make a mailing from it",))
    if before:
        return Step("confirm", "Confirm", ("the steps before this one are not finished",))
    if mailing.state not in _WAITS and mailing.draft.policy is Policy.FROZEN:
        return Step("confirm", "Confirm", (why_not(mailing, Action.SEND),))
    return Step("confirm", "Confirm")
