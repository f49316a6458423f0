"""Ask the running daemon; when there is none, open the queue itself and do the same."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from postduif.cli.tables import count
from postduif.clock import SystemClock
from postduif.config.load import Loaded, read, whereabouts
from postduif.config.schema import Config
from postduif.errors import ConfigError, PostduifError
from postduif.mta.control import NotRunning, answers, ask

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """What goes wrong is one line on standard error, and exit status 1."""
    try:
        yield
    except PostduifError as error:
        click.echo(f"postduif: {error}", err=True)
        sys.exit(1)


def settings(path: Path) -> Loaded:
    """The settings for a command that asks the daemon. Raises ConfigError.

    A file with a mistake is no hindrance as long as a daemon runs: standard error has one line about the mistake.
    """
    try:
        return read(path)
    except ConfigError as error:
        partly = whereabouts(path)
        if partly is None or not answers(partly.config.server.run_dir):
            raise
        first, *others = str(error).split("\n")
        more = f" (and {count(len(others), 'other mistake')})" if others else ""
        click.echo(f"postduif: {first}{more}; the daemon that runs is asked, on the settings it has", err=True)
        return partly


def answer(path: Path, do: str, **request: Any) -> Any:
    """What `do` says, from the daemon or from the queue file. Raises PostduifError."""
    return answer_with(settings(path).config, do, **request)


def answer_with(config: Config, do: str, **request: Any) -> Any:
    """The same, for who has the settings already."""
    try:
        return ask(config.server.run_dir, do, **request)
    except NotRunning:
        if not do.startswith("queue."):
            raise
        return json.loads(json.dumps(asyncio.run(_open_and_do(config, do, request)), default=str))


async def _open_and_do(config: Config, do: str, request: dict[str, Any]) -> object:
    # here: half of what the command line would read for each command, and most ask a daemon
    from postduif.mta.queue_operations import QueueOperations
    from postduif.mta.queue_tables import EXTENSIONS
    from postduif.queue.standing_orders import StandingOrders
    from postduif.queue.store import Store
    from postduif.queue.stores import Stores

    store = Store.open(config.server.data_dir, config.queue, SystemClock(), EXTENSIONS)
    stores = Stores(store, SystemClock())
    try:
        return await QueueOperations(stores, StandingOrders(stores)).actions[do](request)
    finally:
        await store.close()


def print_json(value: object) -> None:
    """As every listing's --json does."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
