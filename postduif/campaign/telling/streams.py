"""What can be told besides what became of mail: visits of readers, what they asked and answered, mailings, standings,
files of people that were taken in.

Visits are told once it is clear whose they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from postduif.bounce.subject import is_erased, shown
from postduif.campaign.audience import import_runs
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_runs import Run
from postduif.campaign.audience.migration import SCHEMA as AUDIENCE
from postduif.campaign.database import Schema, path_of
from postduif.campaign.forms import answers
from postduif.campaign.forms.answers import Answer
from postduif.campaign.forms.connection import SCHEMA as FORMS
from postduif.campaign.forms.connection import forms
from postduif.campaign.mailings import listing
from postduif.campaign.mailings.connection import SCHEMA as MAILINGS
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.telling.stream import Event, Part, Read, Stream, behind, behind_in, readers
from postduif.campaign.tracking import figures
from postduif.campaign.tracking.connection import SCHEMA as TRACKING
from postduif.campaign.tracking.links import links_of
from postduif.campaign.tracking.sequence import AT_ONCE
from postduif.campaign.tracking.visit import Visited, Wanted
from postduif.errors import StoreError
from postduif.queue.connection import FILE_NAME
from postduif.queue.inspect import looking

SETTLED = AT_ONCE + 1
"""Seconds after which what a reader does next does not make an earlier visit a machine's, but for all links at once."""
OPENED, CLICKED, CHANGED, STANDING, IMPORTED = "opened", "clicked", "mailing", "standing", "imported"
SIGNED_UP, CONFIRMED, RESPONDED = "signed_up", "confirmed", "responded"
_VISITS = {OPENED: Visited.OPEN.value, CLICKED: Visited.CLICK.value}
_WISHES = {
    Wanted.RESUBSCRIBE: "resubscribed",
    Wanted.NO_TRACKING: "tracking",
    Wanted.TRACKING: "tracking",
    Wanted.EXPORT: "requested",
    Wanted.ERASE: "requested",
}
"""That somebody unsubscribed is told by the MTA, which has it in its journal."""
_NOTHING = partial(Part, (), more=False)
_HISTORY = "suppression_history"
_STANDINGS = """
SELECT id, at, subject, type, event, was, became, cause, source, evidence, reason FROM suppression_history
WHERE id > ? AND was <> became AND (was IN ('quarantined', 'suppressed') OR became IN ('quarantined', 'suppressed'))
ORDER BY id LIMIT ?
"""
_FIRST_CONFIRMED = """
SELECT c.id FROM confirmation c JOIN answer ON answer.id = c.answer WHERE confirmed >= ? ORDER BY c.id LIMIT 1
"""
_FIRST_ENDED = "SELECT number FROM import_end JOIN import_run ON id = run WHERE ended >= ? ORDER BY number LIMIT 1"


def _visits(data_dir: Path, after: int, kinds: Sequence[str], limit: int, now: float) -> Part:
    wanted = {_VISITS[kind]: kind for kind in kinds if kind in _VISITS}
    found = figures.visits_since(data_dir, after, limit, kinds=tuple(wanted))
    settled = [one for one in found if one.visit.at <= now - SETTLED]
    if len(settled) < len(found):  # in order: one that is too young holds up those behind it
        settled = found[: next(place for place, one in enumerate(found) if one.visit.at > now - SETTLED)]
    people = readers(data_dir, ((one.visit.mailing, one.visit.number) for one in settled))
    links = _links(data_dir, {one.visit.mailing for one in settled})
    events = []
    for id_, visit in settled:
        told = {"link": visit.link, "agent": visit.agent, "machine": str(visit.machine)}
        url = {"url": links.get((visit.mailing, visit.link), "")}
        events.append(Event(id_, visit.at, wanted[visit.kind], people[visit.mailing, visit.number] | told | url))
    return Part(events, settled[-1].id if settled else after, len(settled) == limit)


def _links(data_dir: Path, of: set[int]) -> dict[tuple[int, int], str]:
    """Where each leads."""
    links: dict[tuple[int, int], str] = {}
    for mailing in of:
        try:
            links |= {(mailing, link.number): link.url for link in links_of(data_dir, mailing)}
        except StoreError:  # its file is gone
            continue
    return links


def _wishes(data_dir: Path, after: int, kinds: Sequence[str], limit: int, _: float) -> Part:
    found = figures.wishes_since(data_dir, after, limit)
    wanted = [(id_, one) for id_, one, _ in found if _WISHES.get(Wanted(one.kind)) in kinds]
    people = readers(data_dir, ((one.mailing, one.number) for _, one in wanted))
    events = [
        Event(
            id_,
            one.at,
            _WISHES[Wanted(one.kind)],
            people[one.mailing, one.number]
            | {"wish": one.kind, "mail_type": one.type, "how": one.how, "text": one.wording},
        )
        for id_, one in wanted
    ]
    return Part(events, found[-1][0] if found else after, len(found) == limit)


def _answers(data_dir: Path, after: int, kinds: Sequence[str], limit: int, _: float) -> Part:
    with forms(data_dir) as connection:
        found = answers.since(connection, after, limit)
    wanted = [one for one in found if (RESPONDED if one.mailing else SIGNED_UP) in kinds]
    people = readers(data_dir, ((one.mailing, one.number) for one in wanted if one.mailing))
    events = [
        Event(one.id, one.at, RESPONDED, people[one.mailing, one.number] | _said(one))
        if one.mailing
        else Event(one.id, one.at, SIGNED_UP, _stranger(one) | _said(one))
        for one in wanted
    ]
    return Part(events, found[-1].id if found else after, len(found) == limit)


def _confirmations(data_dir: Path, after: int, _: Sequence[str], limit: int, __: float) -> Part:
    with forms(data_dir) as connection:
        found = answers.confirmed_since(connection, after, limit)
    events = [Event(number, one.confirmed or one.at, CONFIRMED, _stranger(one) | _said(one)) for number, one in found]
    return Part(events, found[-1][0] if found else after, len(found) == limit)


def _stranger(one: Answer) -> dict[str, Any]:
    return {"recipient": one.email, "contact": one.contact}


def _said(one: Answer) -> dict[str, Any]:
    told = {"form": one.form, "version": one.version, "language": one.language, "answer": one.id}
    return told | {"mail_types": one.types, "values": one.values}


def _changes(data_dir: Path, after: int, _: Sequence[str], limit: int, __: float) -> Part:
    with mailings(data_dir) as connection:
        rows = listing.events(connection, after, limit)
        names = {one.mailing: there.draft.name for one in rows if (there := listing.found(connection, one.mailing))}
    told = [_change(one, names.get(one.mailing, "")) for one in rows if one.before is not one.after]
    return Part(told, rows[-1].id if rows else after, len(rows) == limit)


def _change(one: listing.Event, name: str) -> Event:
    told = {"mailing": one.mailing, "name": name, "who": one.who, "action": one.action}
    return Event(one.id, one.at, CHANGED, told | {"before": one.before, "after": one.after, "text": one.words})


def _standings(data_dir: Path, after: int, _: Sequence[str], limit: int, __: float) -> Part:
    if not (data_dir / FILE_NAME).exists():
        return _NOTHING(seen=after)
    with looking(data_dir) as connection:
        last = behind_in(connection, None, _HISTORY)
        rows = connection.execute(_STANDINGS, (after, limit)).fetchall()
    seen, full = rows[-1][0] if rows else after, len(rows) == limit
    return Part([_standing(*row) for row in rows], seen if full else max(seen, last), full)


def _standing(number: int, at: float, subject: str, type_: str, event: str, was: str, became: str, *why: str) -> Event:
    cause, source, evidence, reason = why
    told = {"recipient": "" if is_erased(subject) else shown(subject), "mail_type": type_, "action": event}
    more = {"before": was, "after": became, "cause": cause, "who": source, "text": evidence, "reason": reason}
    return Event(number, at, STANDING, told | more)


def _behind_standings(data_dir: Path, since: float | None) -> int:
    if not (data_dir / FILE_NAME).exists():
        return 0
    with looking(data_dir) as connection:
        return behind_in(connection, since, _HISTORY)


def _imports(data_dir: Path, after: int, _: Sequence[str], limit: int, __: float) -> Part:
    with audience(data_dir) as connection:
        found = import_runs.ended_since(connection, after, limit)
    told = [_import(number, run) for number, run in found]
    return Part(told, found[-1][0] if found else after, len(found) == limit)


def _import(number: int, run: Run) -> Event:
    told = {"import": run.id, "file": run.file}
    counts = {"added": run.added, "updated": run.updated, "skipped": run.skipped, "rejected": run.rejected}
    return Event(number, run.ended or run.started, IMPORTED, told | counts)


def _of(name: str, kinds: Collection[str], schema: Schema, table: str, read: Read, first: str = "") -> Stream:
    """Of a table of a file of the campaign; nothing while there is none. `first`: as `behind` has it."""

    def there(data_dir: Path, after: int, kinds: Sequence[str], limit: int, now: float) -> Part:
        if not path_of(data_dir, schema).exists():
            return _NOTHING(seen=after)
        return read(data_dir, after, kinds, limit, now)

    return Stream(name, kinds, partial(behind, schema=schema, table=table, first=first), there)


STREAMS = (
    _of("visits", _VISITS, TRACKING, "visit", _visits),
    _of("wishes", frozenset(_WISHES.values()), TRACKING, "wish", _wishes),
    _of("answers", (SIGNED_UP, RESPONDED), FORMS, "answer", _answers),
    _of("confirmations", (CONFIRMED,), FORMS, "confirmation", _confirmations, _FIRST_CONFIRMED),
    _of("mailings", (CHANGED,), MAILINGS, "history", _changes),
    Stream("standings", (STANDING,), _behind_standings, _standings),
    _of("imports", (IMPORTED,), AUDIENCE, "import_end", _imports, _FIRST_ENDED),
)
