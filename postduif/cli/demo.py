"""`postduif demo`: the whole road on built-in defaults, without network or root, and the pages at its end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import uvloop
from rich.console import Console

from postduif.demo import run as demonstration
from postduif.demo.advice import advice
from postduif.errors import PostduifError


@click.command
@click.option("--once", is_flag=True, help="End after the results.")
@click.option("--messages", type=click.IntRange(1, 5000), default=1000, show_default=True, help="Letters to send.")
@click.option(
    "--contacts", type=click.IntRange(20, 20000), default=2000, show_default=True, help="Readers of the mailing."
)
def command(messages: int, contacts: int, *, once: bool) -> None:
    """Run a daemon and a test MX, and check what arrives.

    First the letters of an application, then a mailing from the list of readers to its results, with readers who open
    it, click, unsubscribe and complain.

    Everything is on loopback and in a temporary directory, and gone afterwards. Without --once it stays, with the pages
    open, until Ctrl-C; the last line is an address that signs in.

    Exit status 0: every figure is as it must be. 1: one is not.
    """
    console = Console()
    try:
        right = uvloop.run(_demo(console, messages, contacts, once=once))
    except PostduifError as error:
        click.echo(f"postduif demo: {error}", err=True)
        sys.exit(1)
    except (asyncio.CancelledError, KeyboardInterrupt):
        click.echo("\nstopped before the end; everything is cleaned up", err=True)
        sys.exit(130)
    sys.exit(0 if right else 1)


async def _demo(console: Console, messages: int, contacts: int, *, once: bool) -> bool:
    with _cancelled_by_signals(), tempfile.TemporaryDirectory(prefix="postduif-demo-") as directory:
        console.print(f"Starting a daemon and a test MX in {directory}.", highlight=False, soft_wrap=True)
        async with demonstration.stage(Path(directory)) as stage:
            console.print(f"Sending {messages:,} messages.", highlight=False)
            findings = await demonstration.run(stage, console, messages)
            console.print(f"A mailing to {contacts:,} readers, as it is typed.", highlight=False)
            findings += await demonstration.send_mailing(stage, console, contacts)
            if troubles := [one for one in findings if one.trouble]:
                console.print(stage.daemon.complaints(), highlight=False, markup=False, soft_wrap=True)
            if not once:
                await _stay(stage, console)
    return not troubles


async def _stay(stage: demonstration.Stage, console: Console) -> None:
    """Until Ctrl-C. One letter stays in the queue, so that there is something to ask about."""
    letter = await demonstration.leave_one(stage)
    link = await demonstration.open_pages(stage, console)
    text = advice(stage.daemon.workshop, _called(), *letter.recipients, link=link, guest=demonstration.GUEST)
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    try:
        await stage.daemon.ended()
    except asyncio.CancelledError:
        console.print("\nCleaning up.")


def _called() -> str:
    """How the user calls us: by name if the shell finds it, else by its path."""
    beside = Path(sys.executable).with_name("postduif")
    found = shutil.which("postduif")
    return "postduif" if found and Path(found) == beside else str(beside)


@contextlib.contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """Ctrl-C, a closed terminal and SIGTERM end the task, so that everything is cleaned up."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def cancel() -> None:
        if not task.cancelling():  # one who presses twice does not stop the cleaning up
            task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
