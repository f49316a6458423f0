"""`postduif serve`: the daemon."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from pathlib import Path

import click
import uvloop

from postduif import log, open_files
from postduif.allocator import keep_memory
from postduif.app import App
from postduif.cli.options import config_option
from postduif.clock import SystemClock
from postduif.config.load import load
from postduif.errors import PostduifError

SWITCH = 0.0005
"""Seconds a thread may keep the interpreter while another waits. Python's 5 ms make the queue's writer and the
signers wait for the event loop many times a message."""
GC_THRESHOLD = (20_000, 50, 100)
"""Python looks for cycles every 700 new objects, which is ten messages; we make hardly any."""


@click.command
@config_option
@click.option("--only", type=click.Choice(["mta", "web"]), help="Only the MTA, or only the campaign's process.")
@click.option("--beside", is_flag=True, hidden=True, help="End when standard input does.")
def command(config_path: Path, only: str | None, *, beside: bool) -> None:
    """Take mail, keep it safe, deliver it. Runs in the foreground until SIGTERM; SIGHUP reads the settings again.

    The campaign's process, which keeps the dates of mailings, runs beside it as soon as there are mailings.
    """
    try:
        if only == "web":
            _serve_campaign(config_path, beside=beside)
        else:
            _serve_mta(config_path, accompanied=only is None)
    except (PostduifError, OSError) as error:
        for line in str(error).splitlines():
            log.error("cannot_serve", problem=line)
        sys.exit(1)


def _serve_mta(path: Path, *, accompanied: bool) -> None:
    sys.setswitchinterval(SWITCH)
    keep_memory()
    open_files.raise_limit()
    uvloop.run(_serve(path, accompanied=accompanied))


def _serve_campaign(path: Path, *, beside: bool) -> None:
    from postduif.campaign.sending.engine import Engine  # 7 MB that the MTA has no use for

    config = load(path, serving=True)
    log.configure(config.server.log_format, config.server.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if beside:
        threading.Thread(target=_until_left, args=(stop,), daemon=True).start()
    Engine(config, SystemClock()).run(stop)


def _until_left(stop: threading.Event) -> None:
    """The daemon holds the other end, and lets go when it ends, however it ends."""
    os.read(sys.stdin.fileno(), 1)  # not through the buffer: its lock, held by a thread, aborts Python at its end
    stop.set()


async def _serve(path: Path, *, accompanied: bool) -> None:
    app = App(path, accompanied=accompanied)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    await app.run()
