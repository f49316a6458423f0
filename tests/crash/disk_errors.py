"""A disk that says EIO, once or for ever: nothing is acknowledged on the word of a descriptor that has failed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from tests.crash.injector import number_of
from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene
from tests.crash.tracing import tracing

CLIENTS = 10
SOME = 20  # mails that are acknowledged in all, at least
LONGEST_RECOVERY = 60.0  # seconds from a disk that works to mail that is taken
_SYNC = re.compile(r"f(?:data)?sync\((\d+)\) += (-?\d+)")
_CLOSE = re.compile(r"close\((\d+)\)")


async def sync_fails(
    directory: Path, strace: str, calls: str = "fdatasync,fsync", *, ever: bool, error: str = "EIO"
) -> Row:
    """The 20th such call of the writer fails, and when `ever` each one after it until strace is taken away."""
    fault = f"{calls.partition(',')[0]}: {error} {'for ever' if ever else 'once'}"
    async with Scene(directory, fault) as scene:
        await scene.up()
        scene.injector.start(CLIENTS)
        inject = f"{calls}:error={error}:when=20{'+' if ever else ''}"
        with tracing(strace, scene.writer(), inject, directory / "trace", also="close") as trace:
            # Once, it may meet a batch that had no new mail in it: then nobody is refused, and the outcomes wait.
            await scene.until(
                lambda: scene.accounts.refused or (not ever and "queue file failed" in scene.said()),
                PATIENCE,
                "nobody was refused",
            )
            if ever:
                await stays_shut(scene, scene.injector.begun)
                health = await scene.ready()
                scene.row.check("I/O" in health["trouble"], f"/readyz says {health}")
            else:
                taken = await _takes_mail(scene)
        if ever:
            taken = await _takes_mail(scene)
        scene.row.notes.append(f"took mail again after {taken:.1f} s")
        await scene.until(scene.well, PATIENCE, "/readyz says no")
        scene.row.check(not _trusted_again(trace.lines()), "a descriptor was used again after its fsync had failed")
        scene.row.cycles = 1
        await scene.until(lambda: len(scene.accounts.acknowledged) > SOME, PATIENCE, "little mail is taken")
        await scene.injector.stop()
        return await failed_politely(scene)


async def failed_politely(scene: Scene) -> Row:
    """One clear line, one metric, no lie and no second copy; of a daemon that has lived through it."""
    row = scene.row
    errors = await scene.metric("postduif_queue_errors_total")
    row.check(errors > 0, "the metric does not tell")
    row.check("queue file failed" in scene.said() or "reserve" in scene.said(), "the log does not tell")
    await scene.reconcile(bound=0)
    sent = {key.identity for key in scene.accounts.served} & scene.accounts.refused
    row.check(not sent, f"sent though refused: {sorted(sent)[:5]}")
    return row


async def stays_shut(scene: Scene, last: int) -> None:
    """Of mails that were begun after this one, when the disk had failed, nobody is told 250."""
    heard = scene.injector.heard
    before = heard["451"] + heard["452"]
    await asyncio.sleep(2)
    await scene.until(lambda: heard["451"] + heard["452"] > before, PATIENCE, "nobody was refused")
    lies = [identity for identity in scene.accounts.acknowledged if number_of(identity) > last]
    scene.row.check(not lies, f"250 on a disk that does not work: {lies[:5]}")
    health = await scene.ready()
    scene.row.check(not health["ok"], f"/readyz says {health}")


async def _takes_mail(scene: Scene) -> float:
    """The seconds until a mail is taken that is begun from now on."""
    begun, acknowledged = scene.injector.begun, scene.accounts.acknowledged
    return await scene.until(
        lambda: any(number_of(identity) > begun for identity in reversed(acknowledged)),
        LONGEST_RECOVERY,
        "it does not recover",
    )


def _trusted_again(lines: Sequence[str]) -> bool:
    """Whether a descriptor was synced again, without being closed first, after a sync of it had failed."""
    failed: set[str] = set()
    for line in lines:
        if closed := _CLOSE.match(line):
            failed.discard(closed[1])
        elif synced := _SYNC.match(line):
            if synced[1] in failed:
                return True
            if synced[2] != "0":
                failed.add(synced[1])
    return False
