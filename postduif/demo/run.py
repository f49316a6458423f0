"""One demonstration from beginning to end: workshop, sink, daemon, letters, judgement."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from postduif.campaign.accounts import people as accounts_of
from postduif.campaign.accounts import sessions
from postduif.campaign.accounts.connection import accounts
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By
from postduif.demo import daemon as daemons
from postduif.demo import display, fates, judgement, letters, mailing, people, workshop, zone
from postduif.demo.daemon import Daemon, DaemonError
from postduif.demo.display import Display
from postduif.demo.judgement import Evidence, Finding
from postduif.demo.letters import DOMAIN, Letter
from postduif.demo.progress import Goal, Progress, of_metrics
from postduif.demo.readers import Readers
from postduif.demo.shell import Shell
from postduif.demo.submitting import Submitting, submit
from postduif.mta.control import ask
from postduif.sink import Sink

PATIENCE = 30.0  # seconds in which something must change, else it is judged as it stands
SILENCE = 20.0  # the same, once nothing is left that could change
STARTS = 3  # tries, should somebody take a port that was free a moment ago
GUEST = "demo"
"""Who signs in to the pages."""
_LOOK = 0.25  # seconds between two looks at the figures
_JOURNAL = 10_000  # attempts that are read


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs."""

    daemon: Daemon
    sink: Sink
    readers: Readers


@contextlib.asynccontextmanager
async def stage(directory: Path) -> AsyncIterator[Stage]:
    """Daemon, sink and readers, ready. Raises DaemonError."""
    keys = await asyncio.to_thread(workshop.make_keys, directory)
    async with contextlib.AsyncExitStack() as stack:
        rules, readers = fates.RULES + people.RULES, Readers()
        sink = await stack.enter_async_context(
            Sink(rules=rules, verify_keys=keys, verify_processes=1, tls=True, keepers=[readers])
        )
        known = zone.records(DOMAIN, workshop.HOSTNAME, workshop.BOUNCES, keys)
        names = await stack.enter_async_context(zone.serving(known))
        daemon = await _daemon(stack, directory, sink.port, names)
        stack.enter_context(readers).start(daemon.workshop)
        yield Stage(daemon, sink, readers)


async def _daemon(stack: contextlib.AsyncExitStack, directory: Path, sink: int, names: int) -> Daemon:
    for left in reversed(range(STARTS)):
        try:
            return await stack.enter_async_context(daemons.running(workshop.write_settings(directory, sink, names)))
        except DaemonError as error:
            if not left or "already in use" not in str(error):
                raise
    raise AssertionError("not reached")


async def run(on: Stage, console: Console, count: int) -> list[Finding]:
    """Submit so many letters, show how they fare, and judge. Raises DaemonError."""
    written = await asyncio.to_thread(lambda: list(letters.write(count, uuid.uuid4().hex[:8])))
    goal = Goal.of(written)
    submitting = Submitting(on.daemon.workshop.smtp, written)
    try:
        submitting.start()
        with Display(console, goal) as shown:
            await _watch(on, submitting, goal, shown)
    finally:
        submitting.stop()
    evidence = await _evidence(on, submitting, written)
    findings = judgement.judge(evidence)
    delivering = judgement.rate(evidence.received, judgement.deferred_pairs(evidence.journal))
    display.result(
        console,
        findings,
        [("accepted, messages/s", submitting.rate), ("delivered at first try, recipients/s", delivering)],
    )
    return findings


async def send_mailing(on: Stage, console: Console, count: int) -> list[Finding]:
    """Take in so many people, prepare a mailing, send it, pause it, and judge. Raises PostduifError."""
    findings, rates = await mailing.run(on.daemon, on.sink, on.readers, console, count)
    display.result(console, findings, rates)
    return findings


async def _watch(on: Stage, submitting: Submitting, goal: Goal, shown: Display) -> None:
    """Show the figures until all is done, or nothing changes any more."""
    before, changed = Progress(), time.monotonic()
    while True:
        on.daemon.check()
        now = await _progress(on, submitting)
        shown.show(now)
        if now != before:
            before, changed = now, time.monotonic()
        patience = SILENCE if submitting.done and not now.queued else PATIENCE
        if now.complete(goal) or time.monotonic() - changed > patience:
            return
        await asyncio.sleep(_LOOK)


async def _progress(on: Stage, submitting: Submitting) -> Progress:
    _, text = await asyncio.to_thread(on.daemon.get, "/metrics")
    figures = on.sink.figures
    return Progress(
        accepted=len(submitting.accepted),
        signatures=figures.signatures_good,
        verified=figures.recipients,
        **of_metrics(text),
    )


async def _evidence(on: Stage, submitting: Submitting, written: list[Letter]) -> Evidence:
    run_dir = on.daemon.workshop.run_dir
    journal = await asyncio.to_thread(ask, run_dir, "queue.journal", limit=_JOURNAL)
    summary = await asyncio.to_thread(ask, run_dir, "queue.summary")
    return Evidence(
        letters=written,
        accepted=submitting.accepted,
        not_accepted=submitting.refused,
        received=list(on.sink.messages),
        refused=on.sink.figures.refused,
        journal=journal,
        queued=sum(queue["total"] for queue in summary["queues"]),
    )


async def leave_one(on: Stage) -> Letter:
    """Submit a letter that stays in the queue, and bounces for its second recipient, for those who want to look."""
    letter = letters.stuck(uuid.uuid4().hex[:8])
    await asyncio.to_thread(submit, on.daemon.workshop.smtp, letter)
    return letter


async def open_pages(on: Stage, console: Console) -> str:
    """Leave a draft, let everybody read, and return an address that signs in once. Raises PostduifError."""
    await Shell(on.daemon.workshop.config, console).ask("mailing", "clone", "1", "--name", "Winter news")
    on.readers.all_read()
    return await asyncio.to_thread(_sign_in, on.daemon.workshop)


def _sign_in(shop: workshop.Workshop) -> str:
    by = By("demo", time.time())
    with accounts(shop.directory / "data") as connection:
        person = accounts_of.add(connection, GUEST, "You", Role.ADMINISTRATOR, by)
        return f"http://127.0.0.1:{shop.web}/enter/{sessions.make_link(connection, person.name, by)}"
