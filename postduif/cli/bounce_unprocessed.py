"""`postduif bounce unprocessed`: mail that came back and that nobody could read."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from postduif.cli.asking import json_option, one_line_errors, print_json, settings
from postduif.cli.options import config_option
from postduif.cli.queue_file import QueueFile, queue_file
from postduif.cli.tables import count, table
from postduif.config.schema import Config
from postduif.elapsed import ago
from postduif.mta.control import NotRunning, ask
from postduif.mta.unprocessed_operations import UnprocessedOperations, parts


@click.command
@config_option
@click.option("--show", type=click.IntRange(1), metavar="ID", help="Write this mail to standard output, as it came.")
@click.option("--drop", type=click.IntRange(1), multiple=True, metavar="ID", help="Forget this mail. Repeatable.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Mails at most.")
@json_option
def command(config_path: Path, *, show: int | None, drop: tuple[int, ...], limit: int, as_json: bool) -> None:
    """List mail to our return addresses that could not be read.

    The latest comes first.

    `postduif bounce unprocessed --show ID | postduif bounce parse -` says what is understood of it. Exit status 1: a
    mail that was named is not there.
    """
    if show and drop:
        raise click.UsageError("--show and --drop are two things; do one after the other")
    with one_line_errors():
        config = settings(config_path).config
        if show:
            for part in parts(partial(_answer, config), show):
                click.echo(part, nl=False)
            return
        if drop:
            _drop(config, drop, as_json=as_json)
            return
        found = _answer(config, "unprocessed.list", limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(one["id"], ago(one["at"]), one["recipient"], one["why"], one["size"]) for one in found]
    table(("id", "came", "to", "why", "octets"), rows, empty="Everything that came back was read.")


def _drop(config: Config, numbers: tuple[int, ...], *, as_json: bool) -> None:
    wanted = sorted(set(numbers))
    absent = [one for one in wanted if not _answer(config, "unprocessed.drop", ids=[one])["dropped"]]
    dropped = len(wanted) - len(absent)
    if as_json:
        print_json({"dropped": dropped})
    else:
        click.echo(f"{count(dropped, 'mail')} dropped")
    if absent:
        named = ", ".join(map(str, absent))
        click.echo(f"postduif: not there: {named}; `postduif bounce unprocessed` lists what is", err=True)
        sys.exit(1)


def _answer(config: Config, do: str, **request: Any) -> Any:
    """What the daemon says, or, without one, the queue file."""
    try:
        return ask(config.server.run_dir, do, **request)
    except NotRunning:
        with queue_file(config) as file:
            return json.loads(json.dumps(asyncio.run(_run(file, do, request))))


async def _run(file: QueueFile, do: str, request: dict[str, Any]) -> object:
    return await UnprocessedOperations(file.look, file.change).actions[do](request)
