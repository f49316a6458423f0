"""A daemon on the real clock, and the command line asking it, as an operator does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from postduif.cli import main
from postduif.clock import SystemClock
from tests.stories.daemon import Daemon

NEXT_HOP = """
[[next_hop]]
domain = "*"
hosts = ["localhost:{}"]
"""


def installed(directory: Path, port: int, settings: str = "") -> Daemon:
    """A daemon that sends everything to a port, on the clock that the command line has too."""
    return Daemon(directory, NEXT_HOP.format(port) + settings, clock=SystemClock())  # type: ignore[arg-type]


def run(path: Path, *words: str) -> Result:
    """What a command prints and returns."""
    return CliRunner().invoke(main, words, env={"POSTDUIF_CONFIG": str(path)})


async def asked(daemon: Daemon, *words: str) -> Result:
    """The same, while the daemon runs in this loop."""
    return await asyncio.to_thread(run, daemon.path, *words)


async def asked_json(daemon: Daemon, *words: str) -> Any:
    """What a command prints with --json."""
    result = await asked(daemon, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def written(directory: Path, settings: str = "") -> Path:
    """A configuration file without a daemon."""
    directory.chmod(0o700)
    path = directory / "postduif.toml"
    path.write_text(f'[server]\ndata_dir = "{directory}/data"\nrun_dir = "{directory}/run"\n{settings}')
    return path


def cells(result: Result) -> list[Sequence[str]]:
    """The rows of a listing that is not on a terminal."""
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


async def tried(daemon: Daemon, count: int) -> None:
    """Return once so many recipients that wait have been tried; they settle a moment after the sink has spoken."""

    async def settled() -> bool:
        return sum(one.attempts > 0 for one in await daemon.waiting()) >= count

    await daemon.until(settled)


def soon(moment: float, seconds: float) -> bool:
    """A moment since the epoch is within so many seconds from now."""
    return time.time() < moment <= time.time() + seconds
