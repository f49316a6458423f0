"""What can be told: visits of readers, once it is clear whose they are, and the changes of mailings.

Each is a stream of events by numbers that rise, read from the file where they are anyway: nothing is written for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from postduif.campaign.database import path_of
from postduif.campaign.mailings import listing
from postduif.campaign.mailings.connection import SCHEMA as MAILINGS
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.tracking import figures, whose
from postduif.campaign.tracking.connection import SCHEMA as TRACKING
from postduif.campaign.tracking.figures import Numbered
from postduif.campaign.tracking.links import links_of
from postduif.campaign.tracking.sequence import AT_ONCE
from postduif.campaign.tracking.visit import Visited
from postduif.errors import StoreError

SETTLED = AT_ONCE + 1
"""Seconds after which what a reader does next does not make an earlier visit a machine's, but for all links at once."""
OPENED, CLICKED, CHANGED = "opened", "clicked", "mailing"
_VISITS = {OPENED: Visited.OPEN.value, CLICKED: Visited.CLICK.value}


class Event(NamedTuple):
    """One thing that happened."""

    number: int
    """In its stream."""
    at: float
    """Seconds since the epoch."""
    kind: str
    more: dict[str, Any]
    """What is told of it, beside id, type and time."""


class Part(NamedTuple):
    """What came after an event."""

    lines: Sequence[Event]
    seen: int
    more: bool
    lost: int = 0


class Stream(NamedTuple):
    """One kind of events."""

    name: str
    kinds: tuple[str, ...]
    """As `events` of a webhook has them."""
    last: Callable[[Path], int]
    """The highest number there ever was."""
    read: Callable[[Path, int, Sequence[str], int, float], Part]
    """Those behind a number, of these kinds, so many at most, at this moment. Raises StoreError."""


def _last_visit(data_dir: Path) -> int:
    return figures.last_visit(data_dir) if path_of(data_dir, TRACKING).exists() else 0


def _visits(data_dir: Path, after: int, kinds: Sequence[str], limit: int, now: float) -> Part:
    if not path_of(data_dir, TRACKING).exists():
        return Part((), after, more=False)
    wanted = {_VISITS[kind]: kind for kind in kinds if kind in _VISITS}
    found = figures.visits_since(data_dir, after, limit, kinds=tuple(wanted))
    settled = [one for one in found if one.visit.at <= now - SETTLED]
    if len(settled) < len(found):  # in order: one that is too young holds up those behind it
        settled = found[: next(place for place, one in enumerate(found) if one.visit.at > now - SETTLED)]
    events = [_event(one, wanted[one.visit.kind]) for one in settled]
    return Part(_with_people(data_dir, settled, events), settled[-1].id if settled else after, len(settled) == limit)


def _event(one: Numbered, kind: str) -> Event:
    visit = one.visit
    told = {"mailing": visit.mailing, "number": visit.number, "link": visit.link, "agent": visit.agent}
    return Event(one.id, visit.at, kind, told | {"machine": str(visit.machine)})


def _with_people(data_dir: Path, found: Sequence[Numbered], events: list[Event]) -> list[Event]:
    """With who it was, as far as that is known, and where the link leads."""
    people: dict[tuple[int, int], whose.Person] = {}
    links: dict[tuple[int, int], str] = {}
    for mailing in {one.visit.mailing for one in found}:
        numbers = {one.visit.number for one in found if one.visit.mailing == mailing}
        try:
            people |= {(mailing, number): one for number, one in whose.people(data_dir, mailing, numbers).items()}
            links |= {(mailing, link.number): link.url for link in links_of(data_dir, mailing)}
        except StoreError:  # its file is gone: what is known is told
            continue
    nobody = whose.Person(0, 0, "")
    return [
        event._replace(
            more={
                "recipient": people.get((one.visit.mailing, one.visit.number), nobody).address,
                "contact": people.get((one.visit.mailing, one.visit.number), nobody).contact,
                **event.more,
                "url": links.get((one.visit.mailing, one.visit.link), ""),
            }
        )
        for one, event in zip(found, events, strict=True)
    ]


def _last_change(data_dir: Path) -> int:
    if not path_of(data_dir, MAILINGS).exists():
        return 0
    with mailings(data_dir) as connection:
        return listing.last_event(connection)


def _changes(data_dir: Path, after: int, _: Sequence[str], limit: int, __: float) -> Part:
    if not path_of(data_dir, MAILINGS).exists():
        return Part((), after, more=False)
    with mailings(data_dir) as connection:
        rows = listing.events(connection, after, limit)
        names = {one.mailing: there.draft.name for one in rows if (there := listing.found(connection, one.mailing))}
    told = [_change(one, names.get(one.mailing, "")) for one in rows if one.before is not one.after]
    return Part(told, rows[-1].id if rows else after, len(rows) == limit)


def _change(one: listing.Event, name: str) -> Event:
    told = {"mailing": one.mailing, "name": name, "who": one.who, "action": one.action}
    return Event(one.id, one.at, CHANGED, told | {"before": one.before, "after": one.after, "text": one.words})


STREAMS = (
    Stream("visits", (OPENED, CLICKED), _last_visit, _visits),
    Stream("mailings", (CHANGED,), _last_change, _changes),
)
