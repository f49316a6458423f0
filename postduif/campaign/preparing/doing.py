"""Carries out what the record says: a mailing that is to be prepared is prepared, and the record says what came of it.

May be called for the same mailing by several processes, and again after a crash: one of them does it.
"""

from __future__ import annotations

import contextlib
import gc
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import by_name
from postduif.campaign.checks import typology
from postduif.campaign.checks.filters import History
from postduif.campaign.checks.sieve import Pressure
from postduif.campaign.mailings import running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import MAX_LISTED, Filter, find, listed
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.composition import draft_of
from postduif.campaign.preparing.places import Places, note_progress, preparing
from postduif.campaign.preparing.preparation import Prepared, Stopped, Work, look, prepare
from postduif.campaign.preparing.pressure import history
from postduif.campaign.preparing.report import Report
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import PostduifError, StoreError

Progress = Callable[[int, int], None]
_DAY = 86400.0
_BEFORE = 10
_NEW_OBJECTS = 100_000  # before Python looks for cycles; to look at each 700 takes a tenth of the time
_NOBODY_IS_TOLD: Progress = lambda done, of: None  # noqa: E731
_HANDED_OVER = (State.SENDING, State.PAUSED, State.STOPPING, State.STOPPED, State.FINISHED)


def do_prepare(
    config: Config,
    number: int,
    who: str,
    clock: Clock,
    progress: Progress = _NOBODY_IS_TOLD,
    ending: Callable[[], bool] = lambda: False,
) -> Report | None:
    """Prepare a mailing whose record says so. None: somebody else does it, or it is not to be prepared.

    Raises Stopped when it was stopped, or when `ending` says that the process ends: the record says still that it is to
    be prepared then. Raises what made it fail; the record says that it failed then.
    """
    places = Places(config.server.data_dir)
    with preparing(places, number) as ours, mailings(places.data_dir) as connection:
        seen = find(connection, number)
        if not ours or seen.state is not State.PREPARING:
            return None
        try:

            def told(looked: int, people: int) -> None:
                note_progress(places, number, looked, people)
                progress(looked, people)

            with _work(config, connection, seen, clock, told) as work, _seldom_collected():
                wanted = work.wanted
                prepared = prepare(work._replace(wanted=lambda: not ending() and wanted()))
        except Stopped:
            raise
        except PostduifError as error:
            _failed(connection, seen, By(who, clock.time(), str(error)))
            raise
        except OSError as error:
            _failed(connection, seen, By(who, clock.time(), f"{error}; mend that, then prepare it again"))
            raise
        except Exception as error:  # else it would be tried again each second, for ever
            _failed(connection, seen, By(who, clock.time(), f"a mistake in Postduif: {error!r}; please report it"))
            raise
        reports.write(places.report(number), prepared.report)
        _record(connection, seen, prepared, By(who, clock.time()), places.prepared(number))
        return prepared.report


def do_check(config: Config, number: int, clock: Clock) -> Report:
    """What the checks say of it now that need no preparation. The record stays as it is. Raises PostduifError."""
    with (
        mailings(config.server.data_dir) as connection,
        _work(config, connection, find(connection, number), clock) as work,
    ):
        return look(work)


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Recipients are made by the thousand, and none of them is in a cycle. A process prepares one mailing at a time."""
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _record(connection: sqlite3.Connection, seen: Mailing, prepared: Prepared, by: By, made: Path) -> None:
    try:
        if prepared.report.errors:
            first = next(one for one in prepared.report.findings if one.level == "error")
            running.fail(connection, seen, by._replace(words=f"{first.text}; {first.remedy}"))
        else:
            running.ready(connection, seen, prepared.counts, by)
    except (NotNow, Overtaken):
        shutil.rmtree(made, ignore_errors=True)
        raise Stopped(f"the preparation of mailing {seen.number} was stopped; nothing was sent") from None


def _failed(connection: sqlite3.Connection, seen: Mailing, by: By) -> None:
    with contextlib.suppress(NotNow, Overtaken):
        running.fail(connection, seen, by)


@contextlib.contextmanager
def _work(
    config: Config, connection: sqlite3.Connection, seen: Mailing, clock: Clock, progress: Progress = _NOBODY_IS_TOLD
) -> Iterator[Work]:
    data_dir = config.server.data_dir
    places = Places(data_dir)

    def wanted() -> bool:
        there = find(connection, seen.number)
        return (there.state, there.run.preparation) == (seen.state, seen.run.preparation)

    with audience(data_dir) as people, suppression_link(data_dir) as link:

        def of_late(days: float) -> History:
            return history(people, _sent(connection, places, clock.time() - days * _DAY))

        yield Work(
            _typed(people, seen),
            draft_of(connection, seen),
            config,
            people,
            link,
            of_late,
            _sizes_before(connection, seen.number),
            clock,
            wanted,
            progress,
        )


def _typed(people: sqlite3.Connection, mailing: Mailing) -> Mailing:
    return mailing._replace(draft=mailing.draft._replace(target=by_name(people, mailing.draft.target)))


def _sizes_before(connection: sqlite3.Connection, number: int) -> tuple[int, ...]:
    before = listed(connection, Filter(states=_HANDED_OVER, before=number, limit=_BEFORE))
    return tuple(one.counts.targeted - one.counts.excluded for one in before)


def _sent(connection: sqlite3.Connection, places: Places, since: float) -> list[tuple[Path, float]]:
    recent = listed(connection, Filter(states=_HANDED_OVER, limit=MAX_LISTED))
    numbers = [one.number for one in recent if one.started is not None and one.started >= since]
    return [(places.handed_over(number), _weight(find(connection, number))) for number in numbers]


def _weight(mailing: Mailing) -> float:
    with contextlib.suppress(typology.TypologyFault, StoreError):
        for one in typology.load(mailing.draft.typology).sieves:
            if isinstance(one, Pressure):
                return one.weight
    return 1.0
