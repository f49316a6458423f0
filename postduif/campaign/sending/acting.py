"""Does what the record of a mailing asks for: files are handed over, the MTA is told, ends are written down.

Each act may be done again without harm, by the command line or the campaign's process, before and after a crash. The
table in docs/mailings.md says what is done in which state.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from postduif import log
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import Event, find
from postduif.campaign.mailings.listing import log as history
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.waves import Canary
from postduif.campaign.preparing.places import Places, preparing
from postduif.campaign.preparing.waves import begins, sizes
from postduif.campaign.sending import canary
from postduif.campaign.sending.standing import standing, withdrawn
from postduif.mta.control import ControlError, NotRunning
from postduif.queue.mailing import PAUSED, STOPPED
from postduif.queue.mailing_file import hand_over
from postduif.queue.mailing_hold import hold_closed
from postduif.queue.mailing_standing import Standing

WHO = "campaign"
"""Who does what nobody in particular does."""


class Means(NamedTuple):
    """What it takes to act."""

    connection: sqlite3.Connection
    """To the mailings."""
    places: Places
    tell: Callable[..., Any]
    """`tell("mailing.pause", number=7)` to the MTA; raises ControlError."""
    now: float
    """Seconds since the epoch."""

    def by(self, words: str = "") -> By:
        """Us."""
        return By(WHO, self.now, words)


def act(means: Means, number: int) -> Mailing:
    """Do what its state asks for, as far as it can be done now; the mailing as it is then.

    Raises ControlError when the MTA does not answer: it is to be done again; StoreError when a file cannot be read.
    """
    seen = find(means.connection, number)
    if (do := _ACTS.get(seen.state)) is not None:
        with contextlib.suppress(NotNow, Overtaken):  # somebody else was first: the next act sees it
            do(means, seen)
    return find(means.connection, number)


class Acted(NamedTuple):
    """What came of it."""

    mailing: Mailing
    waits: str
    """Why the MTA has not done it yet; it is told again by itself. "": nothing waits."""


def acted(means: Means, number: int) -> Acted:
    """The same at once, for somebody who waits for an answer. Raises StoreError."""
    try:
        return Acted(act(means, number), "")
    except NotRunning as error:
        words = f"it is written down, and done as soon as the daemon runs ({error})"
    except ControlError as error:
        words = f"it is written down, but the daemon did not do it; it is told again ({error})"
    return Acted(find(means.connection, number), words)


def steer(means: Means, seen: Mailing, do: str, by: By, **request: int) -> None:
    """Tell the MTA what only it knows (`mailing.rate`, `mailing.wave`); `by.words` go into the history.

    Raises NotNow when it does not have that mailing, and ControlError.
    """
    if seen.state not in (State.SENDING, State.PAUSED):
        raise NotNow(f"mailing {seen.number} is {seen.state}, not under way; before it is sent, edit it")
    means.tell(do, number=seen.number, **request)
    editing.remark(means.connection, seen.number, by)


def _hand_over(means: Means, seen: Mailing) -> None:
    """By one at a time, and not while somebody stops it: of both, the one who is second sees what the first did."""
    with preparing(means.places, seen.number) as nobody:
        if nobody and _still(means, seen):
            _move(means, seen)


def _still(means: Means, seen: Mailing) -> bool:
    """The record says what it said: what is about to be done is still asked for."""
    there = find(means.connection, seen.number)
    return (there.state, there.changed) == (seen.state, seen.changed)


def _move(means: Means, seen: Mailing) -> None:
    places, number = means.places, seen.number
    if not places.prepared(number).exists() and not places.handed_over(number).exists():
        running.give_back(means.connection, seen, means.by("its file was not there any more; prepare it again"))
        return
    recipients = seen.run.counts.targeted - seen.run.counts.excluded
    count = len(sizes(seen.draft.waves, recipients))
    hand_over(
        places.prepared(number),
        places.data_dir,
        at=means.now,
        expires_at=means.now + seen.draft.validity,
        waves=begins(seen.draft.waves, count, means.now),
    )
    running.started(means.connection, seen, means.by())
    means.tell("mailing.open", number=number)


def _send(means: Means, seen: Mailing) -> None:
    found = standing(means.places.handed_over(seen.number))
    if not found.waiting:
        running.finish(means.connection, seen, means.by())
        return
    if found.paused and _still(means, seen):
        means.tell("mailing.resume", number=seen.number)
    if found.waves:
        _let_waves_go(means, seen, found)


def _pause(means: Means, seen: Mailing) -> None:
    found = standing(means.places.handed_over(seen.number))
    if not found.waiting:
        running.finish(means.connection, seen, means.by())
    elif not found.paused and _still(means, seen):
        _tell_to_hold(means, seen.number, "mailing.pause", PAUSED, "paused")


def _stop(means: Means, seen: Mailing) -> None:
    places, number = means.places, seen.number
    with preparing(places, number) as nobody:
        if not nobody:
            return
        if not places.handed_over(number).exists():
            shutil.rmtree(places.prepared(number), ignore_errors=True)
            running.stopped(means.connection, seen, means.by("nothing of it was sent"))
            return
    found = standing(places.handed_over(number))
    if found.waiting and not found.stopped:
        _tell_to_hold(means, number, "mailing.stop", STOPPED, "stopped")
        found = standing(places.handed_over(number))
    if not found.waiting:
        count = withdrawn(places.handed_over(number))
        running.stopped(means.connection, seen, means.by(f"{count} withdrawn"))


def _tell_to_hold(means: Means, number: int, do: str, owner: str, reason: str) -> None:
    """The MTA. When none runs the hold goes into the file, so that one that starts sends nothing until it is told."""
    try:
        means.tell(do, number=number)
    except NotRunning:
        written = hold_closed(means.places.handed_over(number), number, owner, reason, means.now)
        if not written or owner == STOPPED:  # nothing goes out, but it withdraws what is left only when it runs
            raise


def _let_waves_go(means: Means, seen: Mailing, found: Standing) -> None:
    """Those that wait for a word: after the canary, each in its time."""
    waves = seen.draft.waves
    if waves.canary is None:
        return
    began = canary.let_go(_events(means, seen.number))
    if began is None:
        if not _judged(means, seen, waves.canary):
            return
        began = means.now
    for wave in found.waves:
        if means.now >= began + waves.period * (wave - 2):
            means.tell("mailing.wave", number=seen.number, wave=wave)


def _judged(means: Means, seen: Mailing, rules: Canary) -> bool:
    """The first wave has had its time, and is good enough. If it is not, the mailing is paused."""
    if seen.run.started is None or means.now < seen.run.started + rules.wait:
        return False
    fate = canary.tried(means.places.handed_over(seen.number))
    if why := canary.objection(rules, fate):
        log.warning("mailing_held", mailing=seen.number, why=why)
        _pause(means, running.hold(means.connection, seen, means.by(why)))
        return False
    if not canary.complete(rules, fate):
        return False
    words = f"the first wave: {fate.tried} tried, {fate.bounced} bounced, {fate.blocked} refused, "
    running.judged(means.connection, seen, means.by(f"{words}{fate.deferred} deferred; the others go"))
    return True


def _events(means: Means, number: int) -> list[Event]:
    """The whole history."""
    events: list[Event] = []
    while more := history(means.connection, number, events[-1].id if events else 0):
        events += more
    return events


_ACTS: dict[State, Callable[[Means, Mailing], None]] = {
    State.HANDING_OVER: _hand_over,
    State.SENDING: _send,
    State.PAUSED: _pause,
    State.STOPPING: _stop,
}

__all__ = ["WHO", "Acted", "ControlError", "Means", "act", "acted", "steer"]
