"""`postduif mailing list`, `show` and `log`: which there are, what one says, what was done to it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from postduif.campaign.mailings import listing
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import Entry, Filter
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.states import possible
from postduif.campaign.mailings.words import mailbox_words, moment_words, schedule_words, waves_words
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import brief, number_argument, opened
from postduif.cli.options import config_option
from postduif.cli.tables import printable, table
from postduif.config.units import format_time
from postduif.elapsed import ago, span

_INDENT = 16  # below what was done
_STATES = [state.value for state in State if state is not State.ABSENT]


@click.command("list")
@config_option
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only in this state.")
@click.option("--find", "text", default="", help="Only with this in the name, the folder or a tag.")
@click.option("--templates", is_flag=True, help="Templates, not mailings.")
@click.option("--archived/--current", "archived", default=None, help="Only those put away, or only the others.")
@click.option("--of", "parent", type=click.IntRange(1), help="Only those that this repeating one has made.")
@click.option("--selection", default="", help="Only those for this selection.")
@click.option("--project", default="", help="Only those for this project.")
@click.option("--before", type=click.IntRange(1), help="Only numbers below this one.")
@click.option("--limit", type=click.IntRange(1, listing.MAX_LISTED), default=100, show_default=True, help="At most.")
@json_option
def list_(
    config_path: Path,
    states: tuple[str, ...],
    text: str,
    parent: int | None,
    selection: str,
    project: str,
    before: int | None,
    limit: int,
    *,
    templates: bool,
    archived: bool | None,
    as_json: bool,
) -> None:
    """Which there are, the latest first."""
    linked = ("selections", selection) if selection else ("projects", project) if project else None
    wanted = Filter(
        states=tuple(map(State, states)),
        text=text,
        template=templates,
        archived=archived,
        parent=parent,
        before=before,
        linked=linked,
        limit=limit,
    )
    with opened(config_path) as desk:
        found = listing.listed(desk.connection, wanted)
    if as_json:
        plain = [{"counts": one.counts._asdict(), "schedule": schedule_words(one.schedule)} for one in found]
        print_json([one._asdict() | more for one, more in zip(found, plain, strict=True)])
        return
    rows = [(one.number, one.name, one.state, _recipients(one), _when(one), ", ".join(one.tags)) for one in found]
    empty = "No templates." if templates else "No mailings."
    table(("number", "name", "state", "to deliver", "when", "tags"), rows, empty=empty)


@click.command
@config_option
@number_argument
@json_option
def show(config_path: Path, number: int, *, as_json: bool) -> None:
    """What one says, how far it is, and what can be done."""
    with opened(config_path) as desk:
        mailing = desk.find(number)
    if as_json:
        print_json(_whole(mailing))
        return
    for name, value in _fields(mailing):
        if value:
            click.echo(f"{name}: {printable(value)}")


@click.command
@config_option
@number_argument
@click.option("--after", default=0, help="Only ids above this one.")
@json_option
def log(config_path: Path, number: int, after: int, *, as_json: bool) -> None:
    """What was done to it: when, who, what, in which words. That of a deleted one, too."""
    with opened(config_path) as desk:
        events = listing.log(desk.connection, number, after)
        if not events and not after:
            desk.find(number)
            raise MailingFault(f"mailing {number} has no history; was its file changed by hand?")
    if len(events) == listing.MAX_LISTED:
        click.echo(f"postduif: there may be more: --after {events[-1].id}", err=True)
    if as_json:
        print_json([one._asdict() for one in events])
        return
    if not sys.stdout.isatty():
        table((), [(_clock(one.at), one.who, one.action, one.after, one.words) for one in events], empty="")
        return
    console = Console()
    for one in events:
        then = "" if one.after == one.before else f"{one.after}"
        console.print(Text(printable(f"{_clock(one.at)}  {one.who:10} {one.action:15} {then}").rstrip()))
        if one.words:
            console.print(Padding(Text(printable(one.words), "cyan"), (0, 0, 0, _INDENT)))


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def _recipients(one: Entry) -> str:
    return str(one.counts.targeted - one.counts.excluded) if one.counts.targeted else ""


def _when(one: Entry) -> str:
    moment = one.next or one.ended or one.started
    return ago(moment) if moment else f"changed {ago(one.changed)}"


def _whole(mailing: Mailing) -> dict[str, Any]:
    draft = mailing.draft
    return brief(mailing) | {
        "draft": draft._asdict()
        | {
            "target": draft.target._asdict(),
            "content": json.loads(draft.content),
            "typology": json.loads(draft.typology),
            "waves": draft.waves._asdict() | {"canary": draft.waves.canary and draft.waves.canary._asdict()},
        },
        "files": [file._asdict() for file in mailing.files],
        "schedule": mailing.schedule and json.loads(json.dumps(mailing.schedule._asdict(), default=str)),
        "created": mailing.created,
        "created_by": mailing.created_by,
        "changed": mailing.changed,
        "changed_by": mailing.changed_by,
        "possible": [action.value for action in possible(mailing)],
    }


def _fields(mailing: Mailing) -> Iterator[tuple[str, str]]:
    draft, counts = mailing.draft, mailing.run.counts
    content = json.loads(draft.content)
    yield "number", f"{mailing.number}{' (a template)' if mailing.template else ''}"
    yield "name", draft.name
    yield "state", mailing.state
    yield "reason", mailing.reason
    yield "possible", ", ".join(possible(mailing))
    yield "part of", f"mailing {mailing.parent}" if mailing.parent else ""
    yield "subject", str(content.get("subject", ""))
    sender = content.get("sender") or {}
    yield "from", mailbox_words(sender.get("name", ""), sender.get("address", ""))
    yield "files", ", ".join(f"{file.name} ({file.size:,} octets)" for file in mailing.files)
    yield "seeds", ", ".join(str(one.get("address", "")) for one in content.get("seeds", ()))
    yield from _target(mailing)
    yield "stream", draft.stream
    yield "priority", "" if draft.priority is None else str(draft.priority)
    yield "rate", f"{draft.rate:,} a minute" if draft.rate else ""
    yield "validity", format_time(draft.validity)
    yield "waves", waves_words(draft.waves)
    yield "policy", draft.policy
    yield "schedule", schedule_words(mailing.schedule)
    yield "next", f"{moment_words(mailing.next, mailing.schedule)} ({ago(mailing.next)})" if mailing.next else ""
    yield "folder", draft.folder
    yield "tags", ", ".join(draft.tags)
    if counts.targeted:
        left = counts.targeted - counts.excluded
        yield "recipients", f"{counts.targeted:,} targeted = {counts.excluded:,} excluded + {left:,} to deliver"
        yield "checks", f"{counts.errors} errors, {counts.warnings} warnings"
    yield "revision", str(mailing.revision)
    yield "created", f"{ago(mailing.created)} by {mailing.created_by}"
    yield "changed", f"{ago(mailing.changed)} by {mailing.changed_by}"
    for name in ("prepared", "started", "ended"):
        at = getattr(mailing.run, name)
        yield name, ago(at) if at else ""
    if mailing.run.started:
        yield "took", span((mailing.run.ended or time.time()) - mailing.run.started)


def _target(mailing: Mailing) -> Iterator[tuple[str, str]]:
    target = mailing.draft.target
    names = {"mail_type": "type", "collection": "records", "child_condition": "record condition"}
    for field, value in target._asdict().items():
        if value and field != "attributes":
            yield names.get(field, field.replace("_", " ")), value if isinstance(value, str) else ", ".join(value)
