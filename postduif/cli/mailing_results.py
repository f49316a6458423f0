"""`postduif mailing results`, `recipients`, `timeline` and `export`: what became of everybody."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from postduif.address import parse_domain
from postduif.campaign.audience.connection import audience
from postduif.campaign.mailings.record import State as Life
from postduif.campaign.results.exporting import write_csv, write_json
from postduif.campaign.results.figures import figures_of, lines
from postduif.campaign.results.people import Which
from postduif.campaign.results.people import recipients as read_recipients
from postduif.campaign.results.reading import DEFINITIONS as READING
from postduif.campaign.results.reading import Reading, is_tracked, link_results, reading
from postduif.campaign.results.reading import by_domain as readers_at
from postduif.campaign.results.selecting import enrol, select_excluded
from postduif.campaign.results.selecting import select as select_people
from postduif.campaign.results.spread import by_domain, over_time, speed
from postduif.campaign.results.states import Did, State
from postduif.campaign.results.tally import Source, Tally, tally_of
from postduif.campaign.results.timeline import Event, as_sent, numbers_of
from postduif.campaign.results.timeline import timeline as timeline_of
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import Desk, brief, number_argument, opened
from postduif.cli.mailing_causes import exclusion_cause, reply_cause
from postduif.cli.mailing_figures import Result, drawn, line_of, live, reading_rows, rows, width_of
from postduif.cli.mailing_spread import DOMAINS, clock
from postduif.cli.options import config_option
from postduif.cli.private_output import private_output
from postduif.cli.tables import count, printable, table
from postduif.elapsed import ago
from postduif.errors import AddressError, PostduifError

EVERY = 0.5  # seconds between two looks, if they are quick
REST = 4.0  # times as long as a look takes: at most a fifth of a processor
SPEED_OF = 5.0  # seconds
_UNDER_WAY = (Life.SENDING, Life.PAUSED, Life.STOPPING)
_of_state = click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")


def _domain(_: click.Context, __: click.Parameter, value: str) -> str:
    """As mail was sent to it."""
    try:
        return parse_domain(value.strip().removeprefix("@").rstrip(".")) if value else ""
    except AddressError as error:
        raise click.BadParameter(f"{error}; write it as example.com") from None


_at_domain = click.option("--domain", default="", callback=_domain, help="Only at this domain.")
_did = click.option("--did", type=click.Choice([did.value for did in Did]), help="Only who did this, without machines.")
_link = click.option("--link", default=0, help="With --did clicked or not clicked: this link, by its number.")
_of_cause = click.option(
    "--cause", default="", callback=reply_cause, help="Only whose last reply meant this, as mailbox_full."
)


@click.command
@config_option
@number_argument
@click.option("--watch", is_flag=True, help="Again and again until it ends, or Ctrl-C. With --json: only the end.")
@json_option
def results(config_path: Path, number: int, *, watch: bool, as_json: bool) -> None:
    """How many got it, of how many; by domain; over time."""
    with opened(config_path) as desk:
        if watch:
            _watch(desk, number, silent=as_json)
        with _tally(desk, number) as tally:
            result = _look(desk, number, tally, whole=True)
    if as_json:
        print_json(_json(result))
    elif sys.stdout.isatty():
        console = Console()
        console.print(drawn(result, console.width))
    else:
        _plain(result)


@click.command
@config_option
@number_argument
@_of_state
@_at_domain
@_of_cause
@_did
@_link
@click.option("--after", default=-1, help="Only numbers above this one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most.")
@json_option
def recipients(
    config_path: Path, number: int, state: str | None, domain: str, cause: str, did: str | None, link: int,
    after: int, limit: int, *, as_json: bool,
) -> None:  # fmt: skip
    """Each with the state and the last reply."""
    which = _which(state, domain, cause, did, link)
    with opened(config_path) as desk, _tally(desk, number) as tally:
        found = read_recipients(tally, which, after=after, limit=limit)
    if as_json:
        print_json([one._asdict() for one in found])
        return
    listed = [
        (one.number, one.address, one.state, one.attempts, _moment(one.at or one.due), one.reply) for one in found
    ]
    table(("id", "address", "state", "tries", "when", "reply"), listed, empty="Nobody.")


@click.command
@config_option
@number_argument
@click.argument("address")
@json_option
def timeline(config_path: Path, number: int, address: str, *, as_json: bool) -> None:
    """All that happened to one recipient, in order."""
    with opened(config_path) as desk, _tally(desk, number) as tally:
        address, prepared = as_sent(address), desk.find(number).run.prepared
        found = [one for n in numbers_of(tally.connection, address) if (one := timeline_of(tally, n, prepared))]
        if not found:
            causes = tally.connection.execute(_CAUSES_OF, (address,)).fetchall()
            why = f"it was excluded: {', '.join(cause for (cause,) in causes)}" if causes else "it was never meant"
            raise PostduifError(f"mailing {number} does not go to {address}; {why}")
    if as_json:
        print_json([one.recipient._asdict() | {"events": [event._asdict() for event in one.events]} for one in found])
        return
    for one in found:
        if sys.stdout.isatty():
            click.echo(f"{printable(one.recipient.address)} is {one.recipient.state}")
        listed = [(_clock(event), event.kind, event.attempt or "", _words(event), event.host) for event in one.events]
        table(("when", "what", "try", "reply", "host"), listed, empty="Nothing.")


@click.command
@config_option
@number_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@_of_state
@_at_domain
@_of_cause
@_did
@_link
@json_option
def export(
    config_path: Path, number: int, file: Path, state: str | None, domain: str, cause: str, did: str | None, link: int,
    *, as_json: bool,
) -> None:  # fmt: skip
    """Write everybody with their result to FILE as CSV, or JSON.

    Default: standard output. Unless a state, a domain or a cause is chosen, those excluded are in it, too.
    """
    with opened(config_path) as desk, _tally(desk, number) as tally, private_output(file) as target:
        write = write_json if as_json else write_csv
        write(target, tally, _which(state, domain, cause, did, link))


@click.command
@config_option
@number_argument
@click.argument("name")
@_of_state
@_at_domain
@_of_cause
@_did
@_link
@click.option("--excluded", callback=exclusion_cause, help='Those excluded for this cause; "" is any.')
@click.option("--project", is_flag=True, help="NAME is a project, not a selection.")
@click.option("--role", default="", help="Of those who come into the project.")
@json_option
def select(
    config_path: Path,
    number: int,
    name: str,
    state: str | None,
    domain: str,
    cause: str,
    did: str | None,
    link: int,
    excluded: str | None,
    role: str,
    *,
    project: bool,
    as_json: bool,
) -> None:
    """Put those with a result into a selection.

    NAME is a static selection; it is made if need be. With --project, a project.
    """
    if excluded is not None and (state or domain or cause or did or project):
        raise click.UsageError("who is excluded has no state, reply or visit; leave all but --excluded out")
    which = _which(state, domain, cause, did, link)
    with (
        opened(config_path) as desk,
        _tally(desk, number) as tally,
        audience(desk.config.server.data_dir) as people,
    ):
        if project:
            enrolled, new = enrol(people, name, role, tally, which, time.time())
            told, kind = enrolled.name, "project"
        elif excluded is None:
            selection, new = select_people(people, name, tally, which, time.time())
        else:
            selection, new = select_excluded(people, name, tally, excluded, time.time())
        if not project:
            told, kind = selection.name, "selection"
    if as_json:
        print_json({kind: told, "new": new})
    else:
        click.echo(f'{count(new, "contact")} more in the {kind} "{printable(told)}"')


def _which(state: str | None, domain: str, cause: str, did: str | None, link: int) -> Which:
    if link and did not in (Did.CLICKED, Did.NOT_CLICKED):
        raise click.UsageError("--link says which link was clicked, or not; add --did clicked")
    return Which(State(state) if state else None, domain, cause, Did(did) if did else None, link)


_CAUSES_OF = "SELECT cause FROM excluded WHERE address = ? COLLATE NOCASE"


def _look(desk: Desk, number: int, tally: Tally, *, whole: bool) -> Result:
    mailing = desk.find(number)
    now = time.time()
    figures = figures_of(tally)
    begun = mailing.run.started or now
    started = whole and mailing.run.started is not None
    buckets = over_time(tally, width_of(begun, mailing.run.ended or now)) if started else []
    some = [one for one in buckets if any(one[1:])]  # a bounce of days later has thousands of empty ones before it
    source = Source(desk.config.server.data_dir, number)
    read = reading(source, figures.delivered) if is_tracked(tally.connection, source) else None
    links = link_results(source, read) if whole and read else []
    domains = by_domain(tally) if started else []
    readers = list(readers_at(tally).values()) if whole and read else []
    return Result(mailing, figures, domains, some, speed(tally.connection, now, SPEED_OF), read, links, readers)


@contextlib.contextmanager
def _tally(desk: Desk, number: int) -> Iterator[Tally]:
    desk.find(number)
    with tally_of(desk.config.server.data_dir, number) as tally:
        yield tally


def rest_after(seconds: float) -> float:
    """Seconds until the next look, after one that took so many: who watches a million is no burden to the machine."""
    return max(EVERY, REST * seconds)


def _watch(desk: Desk, number: int, *, silent: bool) -> None:
    """Show it until it has ended, or is none that goes on."""
    console = Console(quiet=silent)
    picture = Live(console=console, transient=True, auto_refresh=False)
    with contextlib.suppress(KeyboardInterrupt):
        while desk.find(number).state is Life.HANDING_OVER:  # its file is about to move
            time.sleep(EVERY)
        with _tally(desk, number) as tally, picture if console.is_terminal else contextlib.nullcontext():
            said, begun = "", time.monotonic()
            while (result := _look(desk, number, tally, whole=False)).mailing.state in _UNDER_WAY:
                if console.is_terminal:
                    picture.update(live(result), refresh=True)
                elif (line := line_of(result)) != said and not silent:
                    click.echo(line)
                    said = line
                time.sleep(rest_after(time.monotonic() - begun))
                begun = time.monotonic()


def _json(result: Result) -> dict[str, Any]:
    figures = result.figures
    return {
        "mailing": brief(result.mailing),
        "figures": [line._asdict() for line in lines(figures)],
        "causes": dict(figures.causes),
        "categories": {state.value: dict(counts) for state, counts in figures.categories.items()},
        "domains": [one._asdict() for one in result.domains],
        "over_time": [one._asdict() for one in result.buckets],
        "speed": result.speed._asdict(),
        "reading": result.reading and _reading(result.reading),
        "links": [one._asdict() for one in result.links],
        "readers": [one._asdict() for one in result.readers],
    }


def _reading(read: Reading) -> dict[str, Any]:
    return {
        "figures": [line._asdict() for line in lines(read, READING)],
        "machines": read.machines,
        "hours": [one._asdict() for one in read.hours],
    }


def _plain(result: Result) -> None:
    """For programs: a line each, tab-separated, with what it is in front."""
    for row in (*rows(result.figures), *(reading_rows(result.reading) if result.reading else ())):
        line = row.line
        more = (line.of, line.total or "", "" if line.share is None else f"{line.share:.4f}") if line else ("", "", "")
        click.echo("\t".join(map(str, ("figure" if line else "part", row.name, row.value, *more))))
    for link in result.links:
        click.echo("\t".join(map(printable, map(str, ("link", *link)))))
    for one in result.domains[:DOMAINS]:
        click.echo("\t".join("" if cell is None else str(cell) for cell in ("domain", *one)))
    for bucket in result.buckets:
        click.echo("\t".join(map(str, ("from", clock(bucket.start), *bucket[1:]))))


def _moment(at: float | None) -> str:
    return ago(at) if at else ""


def _clock(event: Event) -> str:
    return clock(event.at) if event.at else ""


def _words(event: Event) -> str:
    machine = f"({event.machine})" if event.machine else ""
    answered = f"(to {event.command})" if event.command else ""
    parts = (event.code, event.enhanced, event.text, answered, event.agent, machine)
    return " ".join(str(part) for part in parts if part)
