"""`postduif mailing schedule` and `unschedule`: when it goes."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click

from postduif.campaign.mailings import occasions
from postduif.campaign.mailings.fault import NotNow
from postduif.campaign.mailings.record import Policy, State
from postduif.campaign.mailings.schedule import DEFAULT_GRACE, Date, Schedule, judge, next_dates
from postduif.campaign.mailings.words import schedule_words
from postduif.campaign.mailings.zone import zone_here
from postduif.cli.asking import json_option, print_json
from postduif.cli.mailing_access import acted, brief, called, number_argument, opened, said
from postduif.cli.mailing_units import seconds
from postduif.cli.options import config_option
from postduif.elapsed import ago

_MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"])
_UNPREPARED = (State.DRAFT, State.FAILED)


@click.command
@config_option
@number_argument
@click.option("--at", type=_MOMENT, help='Once, at this local time: "2026-12-01 09:00".')
@click.option("--rule", default="", help='Again and again: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" (RFC 5545).')
@click.option("--start", type=_MOMENT, help="The first moment that a rule may give.")
@click.option("--zone", default="", help="Of these times: Europe/Amsterdam. Default: that of this machine.")
@click.option("--times", type=click.IntRange(0), default=0, help="How many dates in all; 0: no end.")
@click.option("--except", "exceptions", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="Not on this day.")
@click.option("--grace", callback=seconds, help="A date missed by less is still kept. Default: 1h.")
@click.option("--dry-run", is_flag=True, help="Only show the dates.")
@json_option
def schedule(
    config_path: Path,
    number: int,
    at: datetime | None,
    rule: str,
    start: datetime | None,
    zone: str,
    times: int,
    exceptions: tuple[datetime, ...],
    grace: float | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let it go at a time, or again and again by a rule. Shows the next dates."""
    begin = start if rule else at
    if begin is None or (at and (rule or start)):
        raise click.UsageError("say when: --at MOMENT, or --rule RULE with --start MOMENT")
    days = tuple(day.date() for day in exceptions)
    with opened(config_path) as desk:
        allowed = DEFAULT_GRACE if grace is None else grace
        when = Schedule(begin, zone or zone_here(), rule, times, days, allowed)
        judge(when)
        now = desk.find(number)
        if now.state in _UNPREPARED and now.draft.policy is Policy.FROZEN:
            raise NotNow(
                f"{called(now)} is {now.state} and goes as it was prepared: prepare it first, or let it be prepared "
                f"at its time: postduif mailing edit {number} --policy newest"
            )
        dates = next_dates(when, time.time(), 5)
        if not dry_run:
            occasions.schedule(desk.connection, now, when, desk.by(schedule_words(when)))
            now = acted(desk, number)
    if as_json:
        shown = [{"at": one.at, "local": one.local.isoformat(), "note": one.note} for one in dates]
        print_json(brief(now) | {"dates": shown})
        return
    click.echo(f"{called(now)} is {now.state}{', as before: this is a dry run' if dry_run else ''}")
    for one in dates:
        click.echo(_line(one))
    if not dates:
        click.echo("there is no date to come")


@click.command
@config_option
@number_argument
@json_option
def unschedule(config_path: Path, number: int, *, as_json: bool) -> None:
    """Let it wait. What is prepared stays so."""
    with opened(config_path) as desk:
        now = occasions.unschedule(desk.connection, desk.find(number), desk.by())
    said(now, f"{called(now)} is {now.state}", as_json=as_json)


def _line(date: Date) -> str:
    note = f"; {date.note}" if date.note else ""
    return f"  {date.local:%a %Y-%m-%d %H:%M %Z} ({ago(date.at)}){note}"
