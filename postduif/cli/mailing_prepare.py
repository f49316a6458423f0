"""`postduif mailing prepare`, `checks` and `exclusions`: who gets it, who does not, and what speaks against it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from postduif.campaign.mailings import running
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.record import State
from postduif.campaign.preparing import report as reports
from postduif.campaign.preparing.doing import do_check, do_prepare
from postduif.campaign.preparing.preparation import Stopped
from postduif.campaign.preparing.report import Report
from postduif.campaign.results.opening import opened as opened_results
from postduif.campaign.results.people import excluded
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import Desk, number_argument, opened
from postduif.cli.mailing_causes import exclusion_cause
from postduif.cli.mailing_report import print_findings, print_report, report_json
from postduif.cli.options import config_option
from postduif.cli.tables import table
from postduif.clock import SystemClock
from postduif.errors import PostduifError

LOOK_EVERY = 0.2  # seconds


@click.command
@config_option
@number_argument
@json_option
def prepare(config_path: Path, number: int, *, as_json: bool) -> None:
    """Find out who gets it and what speaks against it. Sends nothing.

    Ctrl-C stops it. Exit status 1: a check forbids the mailing, or it was stopped.
    """
    with opened(config_path) as desk:
        running.prepare(desk.connection, desk.find(number), desk.by())
        try:
            with _bar() as progress:
                found = do_prepare(desk.config, number, desk.by().who, SystemClock(), progress)
                found = found or _waited(desk, number)
        except KeyboardInterrupt:
            _stop(desk, number)
            raise Stopped(f"the preparation of mailing {number} was stopped; nothing was sent") from None
    if as_json:
        print_json(report_json(found))
    else:
        print_report(found)
    sys.exit(1 if found.errors else 0)


@click.command
@config_option
@number_argument
@click.option("--now", "anew", is_flag=True, help="Look again at all that needs no preparation.")
@json_option
def checks(config_path: Path, number: int, *, anew: bool, as_json: bool) -> None:
    """What the last preparation found. Exit status 1: an error."""
    with opened(config_path) as desk:
        found = do_check(desk.config, number, SystemClock()) if anew else _report(desk, number)
    if as_json:
        print_json(report_json(found))
    else:
        print_findings(found.findings)
    sys.exit(1 if found.errors else 0)


@click.command
@config_option
@number_argument
@click.option("--cause", default="", callback=exclusion_cause, help="Only those with this cause.")
@click.option("--counts", "counted", is_flag=True, help="How many for each cause.")
@click.option("--after", default=0, help="Only ids above this one.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most.")
@json_option
def exclusions(
    config_path: Path, number: int, cause: str, after: int, limit: int, *, counted: bool, as_json: bool
) -> None:
    """Who was meant and gets nothing, and why."""
    with opened(config_path) as desk:
        desk.find(number)
        if counted:
            by_cause = sorted(_report(desk, number).excluded.items(), key=lambda one: -one[1])
        else:
            with opened_results(desk.config.server.data_dir, number) as connection:
                found = excluded(connection, cause, after=after, limit=limit)
    if counted and as_json:
        print_json(dict(by_cause))
    elif counted:
        table(("cause", "people"), by_cause, empty="Nobody is left out.")
    elif as_json:
        print_json([one._asdict() for one in found])
    else:
        rows = [(one.id, one.address, one.cause, f"#{one.contact}", one.child or "") for one in found]
        table(("id", "address", "cause", "contact", "record"), rows, empty="Nobody is left out.")


def _report(desk: Desk, number: int) -> Report:
    desk.find(number)
    if found := reports.read(desk.places.report(number)):
        return found
    raise PostduifError(f"mailing {number} was never prepared; prepare it: postduif mailing prepare {number}")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """What a preparation tells its progress to: a bar on a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console,
        transient=True,
    )  # fmt: skip
    if not console.is_terminal:
        yield lambda done, of: None
        return
    with bar:
        task = bar.add_task("preparing", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _waited(desk: Desk, number: int) -> Report:
    """What somebody else's preparation found: the campaign's own process was first."""
    while (seen := desk.find(number)).state is State.PREPARING:
        time.sleep(LOOK_EVERY)
    found = reports.read(desk.places.report(number))
    if found is None or found.preparation != seen.run.preparation or seen.state is State.DRAFT:
        raise PostduifError(f"mailing {number} is {seen.state}: {seen.reason or 'it was stopped'}; prepare it again")
    return found


def _stop(desk: Desk, number: int) -> None:
    with contextlib.suppress(NotNow, Overtaken):  # it has ended meanwhile; nothing is sent by that either
        running.stop_preparing(desk.connection, desk.find(number), desk.by())
