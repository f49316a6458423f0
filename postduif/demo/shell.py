"""Types commands as a person would: each is shown, and prints to the same terminal.

Commands are processes of their own, forked off one that has read the program already: starting Python anew for each
would take longer than what they do.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import runpy
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from postduif.errors import PostduifError

READ_BEFORE = [
    f"postduif.cli.{name}"
    for name in (
        *("contact", "subscription", "suppress", "mailing_edit", "mailing_list", "mailing_look"),
        *("mailing_prepare", "mailing_results", "mailing_send"),
    )
]
"""What the first process reads; what is not in it is read by the command itself."""
_LOOK = 0.02  # seconds between looks whether a command has ended
_PATIENCE = 5.0  # seconds that a command has to end when it is no longer wanted


class CommandError(PostduifError):
    """A command did not do what it was for."""


class Shell:
    """Commands of `postduif` on one configuration, run in the directory of that file."""

    def __init__(self, config: Path, console: Console) -> None:
        self._config = config
        self._console = console
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(READ_BEFORE)

    async def run(self, *words: str, allowed: tuple[int, ...] = (0,)) -> None:
        """Show it and run it. Raises CommandError for another exit status than is allowed."""
        self._console.print(Text(f"\n$ postduif {shlex.join(words)}", "bold cyan"), soft_wrap=True)
        self._console.file.flush()
        if (status := await self._typed(words, None)) not in allowed:
            raise CommandError(f"`postduif {shlex.join(words)}` ended with status {status}")

    async def ask(self, *words: str) -> Any:
        """What it prints as JSON, without showing it. Raises CommandError."""
        with tempfile.TemporaryDirectory(dir=self._config.parent) as directory:
            answer = Path(directory) / "answer"
            if status := await self._typed((*words, "--json"), answer):
                raise CommandError(f"`postduif {shlex.join(words)} --json` ended with status {status}")
            return json.loads(answer.read_text(encoding="utf-8"))

    async def _typed(self, words: tuple[str, ...], output: Path | None) -> int | None:
        program = self._context.Process(target=typed, args=(words, self._config, output))
        await asyncio.to_thread(program.start)
        try:
            while program.is_alive():  # noqa: ASYNC110  a process sets no event of ours
                await asyncio.sleep(_LOOK)
        finally:
            if program.is_alive():  # we were cancelled
                program.terminate()
                await asyncio.to_thread(program.join, _PATIENCE)
        return program.exitcode


def typed(words: tuple[str, ...], config: Path, output: Path | None) -> None:
    """Be that command, in a process of its own."""
    os.environ["POSTDUIF_CONFIG"] = str(config)
    os.chdir(config.parent)
    if output is not None:
        with output.open("wb") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
    sys.argv = ["postduif", *words]
    runpy.run_module("postduif", run_name="__main__")
