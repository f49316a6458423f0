"""How soon a mailing stops when it is told to, and goes on: `mailing.pause` and `mailing.resume` while it is sent."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.errors import BenchError
from bench.house import House
from bench.preparing import Prepared
from bench.sending import Stage, order, see_finished, stage
from postduif.campaign.mailings import running
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.listing import find
from postduif.mta.control import ControlError, ask

BREAKS = 10
_QUIET = 1.0  # seconds without a message: that was the last
_PATIENCE = 30.0
_LOOK = 0.001


@dataclass(frozen=True, slots=True)
class Break:
    """One pause, in seconds from when it was asked for on the control socket."""

    answered: float
    last_begun: float
    """Until the last message of the mailing began at the sink; 0 when that was before."""
    after: int
    """Messages that were complete at the sink after the answer."""
    resumed: float
    """From the word to go on until its answer."""
    first_begun: float
    """From the word to go on until a message began at the sink."""


def breaks(house: House, made: Prepared, count: int = BREAKS) -> list[Break]:
    """Send a mailing that is prepared, and pause it so often, with as many messages between any two.

    Raises BenchError when not everybody got one, once, in the end.
    """
    found = []
    with stage(house) as place:
        order(house, made.number)
        for number in range(count):
            place.end.wait(made.took.recipients * (number + 1) // (count + 2), place.daemon)
            try:
                found.append(_break(place, made))
            except (NotNow, ControlError) as error:
                raise BenchError(f"the mailing came to its end during a pause; send a larger one: {error}") from error
        place.end.wait(made.took.recipients, place.daemon)
        see_finished(place, made)
    return found


def _break(place: Stage, made: Prepared) -> Break:
    run_dir = place.house.config.server.run_dir
    with mailings(place.house.places.data_dir) as connection:
        running.pause(connection, find(connection, made.number), place.house.by())  # or it would be told to go on
        asked = time.monotonic()
        ask(run_dir, "mailing.pause", number=made.number)
        answered, then = time.monotonic(), place.end.count.messages
        last, after = _until_quiet(place), place.end.count.messages - then
        running.resume(connection, find(connection, made.number), place.house.by())
        resuming = time.monotonic()
        ask(run_dir, "mailing.resume", number=made.number)
        resumed = time.monotonic()
    first = _until_begun(place, resuming)
    return Break(answered - asked, max(0.0, last - asked), after, resumed - resuming, first - resuming)


def _until_quiet(place: Stage) -> float:
    """When the last message began; returns when none has begun for a while."""
    while (begun := place.end.count.begun) + _QUIET > time.monotonic():
        place.daemon.check()
        time.sleep(_LOOK)
    return begun


def _until_begun(place: Stage, since: float) -> float:
    """When the first message after that moment began."""
    while (begun := place.end.count.begun) < since:
        place.daemon.check()
        if time.monotonic() - since > _PATIENCE:
            raise BenchError(f"the mailing was told to go on, and after {_PATIENCE:.0f} s it had not")
        time.sleep(_LOOK)
    return begun
