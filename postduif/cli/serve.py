"""`postduif serve`: the daemon."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click
import uvloop

from postduif import log, open_files
from postduif.allocator import keep_memory
from postduif.app import App
from postduif.cli.options import config_option
from postduif.errors import PostduifError

SWITCH = 0.0005
"""Seconds a thread may keep the interpreter while another waits. Python's 5 ms make the queue's writer and the
signers wait for the event loop many times a message."""
GC_THRESHOLD = (20_000, 50, 100)
"""Python looks for cycles every 700 new objects, which is ten messages; we make hardly any."""


@click.command
@config_option
def command(config_path: Path) -> None:
    """Take mail, keep it safe, deliver it. Runs in the foreground until SIGTERM; SIGHUP reads the settings again."""
    sys.setswitchinterval(SWITCH)
    keep_memory()
    open_files.raise_limit()
    try:
        uvloop.run(_serve(config_path))
    except (PostduifError, OSError) as error:
        for line in str(error).splitlines():
            log.error("cannot_serve", problem=line)
        sys.exit(1)


async def _serve(path: Path) -> None:
    app = App(path)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    await app.run()
