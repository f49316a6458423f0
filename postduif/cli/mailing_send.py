"""`postduif mailing send`, `pause`, `resume`, `stop`, `rate`, `wave`: on the road, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from postduif.campaign.mailings import running
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.states import Action, decide
from postduif.campaign.mailings.waves import MAX_WAVES
from postduif.campaign.mailings.words import rate_words
from postduif.campaign.sending.acting import steer
from postduif.cli.asking import json_option
from postduif.cli.mailing_access import Desk, acted, called, number_argument, opened, said, yes_option
from postduif.cli.mailing_units import per_minute
from postduif.cli.options import config_option
from postduif.cli.tables import count
from postduif.errors import PostduifError

LOOK_EVERY = 0.2  # seconds
PATIENCE = 15.0  # seconds until who stops a mailing is told that it takes longer

Do = Callable[[Desk, Mailing], Mailing]


@click.command
@config_option
@number_argument
@yes_option
@json_option
def send(config_path: Path, number: int, *, yes: bool, as_json: bool) -> None:
    """Send what is prepared, now. Asks first, with the numbers."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        decide(seen, Action.SEND)
        counts = seen.run.counts
        people = counts.targeted - counts.excluded
        ask = f"Send {called(seen)} to {count(people, 'recipient')} ({counts.excluded:,} excluded, "
        _confirm(f"{ask}{count(counts.warnings, 'warning')})?", yes=yes)
        running.send(desk.connection, seen, desk.by())
        now = acted(desk, number)
    said(now, f"{called(now)} is {now.state}, to {count(people, 'recipient')}", as_json=as_json)


@click.command
@config_option
@number_argument
@json_option
def pause(config_path: Path, number: int, *, as_json: bool) -> None:
    """Let nothing more of it go until it is resumed."""
    _do(config_path, number, lambda desk, seen: running.pause(desk.connection, seen, desk.by()), as_json=as_json)


@click.command
@config_option
@number_argument
@json_option
def resume(config_path: Path, number: int, *, as_json: bool) -> None:
    """Go on after a pause."""
    _do(config_path, number, lambda desk, seen: running.resume(desk.connection, seen, desk.by()), as_json=as_json)


@click.command
@config_option
@number_argument
@yes_option
@json_option
def stop(config_path: Path, number: int, *, yes: bool, as_json: bool) -> None:
    """End it for good: what waits is withdrawn. Also ends a preparation."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        if seen.state is State.PREPARING:
            now = running.stop_preparing(desk.connection, seen, desk.by())
            said(now, f"{called(now)} is a draft again; nothing was sent", as_json=as_json)
            return
        decide(seen, Action.STOP)
        _confirm(f"Stop {called(seen)} for good, and withdraw who still waits?", yes=yes)
        running.stop(desk.connection, desk.find(number), desk.by())
        now = acted(desk, number)
        end = time.monotonic() + PATIENCE
        while now.state is State.STOPPING and desk.places.handed_over(number).exists() and time.monotonic() < end:
            time.sleep(LOOK_EVERY)
            now = acted(desk, number)
    said(now, f"{called(now)} is {now.state}{f': {now.reason}' if now.reason else ''}", as_json=as_json)


@click.command
@config_option
@number_argument
@click.argument("rate", callback=per_minute)
@json_option
def rate(config_path: Path, number: int, rate: int, *, as_json: bool) -> None:
    """Let it go faster or slower from now on.

    RATE is messages a minute, or as 50/s; 0 is no limit.
    """
    _tell(config_path, number, "mailing.rate", rate_words(rate), as_json=as_json, rate=rate)


@click.command
@config_option
@number_argument
@click.argument("wave", type=click.IntRange(2, MAX_WAVES + 2))
@json_option
def wave(config_path: Path, number: int, wave: int, *, as_json: bool) -> None:
    """Let this wave go now, without waiting for its time."""
    _tell(config_path, number, "mailing.wave", f"wave {wave} let go", as_json=as_json, wave=wave)


def _do(config_path: Path, number: int, do: Do, *, as_json: bool) -> None:
    with opened(config_path) as desk:
        do(desk, desk.find(number))
        now = acted(desk, number)
    said(now, f"{called(now)} is {now.state}", as_json=as_json)


def _tell(config_path: Path, number: int, do: str, words: str, *, as_json: bool, **request: int) -> None:
    """The MTA, about what only it knows, with a remark in the history."""
    with opened(config_path) as desk:
        seen = desk.find(number)
        steer(desk.means(), seen, do, desk.by(words), **request)
    said(seen, f"{called(seen)}: {words}", as_json=as_json)


def _confirm(question: str, *, yes: bool) -> None:
    try:
        if not yes:
            click.confirm(question, abort=True, err=True)
    except click.Abort:
        raise PostduifError("nothing was done; answer y, or say --yes") from None
