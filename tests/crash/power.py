"""Power cuts: the disk of the queue is gone from one moment to the next, and comes back with what was on it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.crash.images import Disk, disk
from tests.crash.kills import CLIENTS
from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene

SOME = 20  # mails that are acknowledged before each cut, at least
SLOW = '["0ms", "40ms"]'  # the sink, so that something always waits
SMALL = '[queue]\ndisk_reserve = "8M"'


async def cuts(directory: Path, kind: str, cycles: int, longest: float, lies: str = "") -> Row:
    """Cut the power of a disk with that file system, each time within `longest` seconds of being ready.

    `lies`: a library that makes of every fsync nothing.
    """
    fault = f"power cut, {kind}" + (", fsync does nothing" if lies else "")
    environment = {"LD_PRELOAD": lies} if lies else {}
    with disk(kind, directory) as queue:
        directory.joinpath("queue").symlink_to(queue.path, target_is_directory=True)
        async with Scene(directory, fault, settings=SMALL, delay=SLOW) as scene:
            scene.injector.start(CLIENTS)
            for _ in range(cycles):
                await scene.up(**environment)
                some = len(scene.accounts.acknowledged) + SOME
                await scene.until(
                    lambda some=some: len(scene.accounts.acknowledged) > some, PATIENCE, "no mail is taken"
                )
                await asyncio.sleep(scene.dice.uniform(0, longest))
                await _cut(scene, queue)
            await scene.injector.stop()
            await scene.up(**environment)
            row = await scene.reconcile()
    if lies:
        row.wrong = [] if row.lost else ["nothing was lost: this test sees nothing"]
        row.good = "loss is seen"
    return row


async def _cut(scene: Scene, queue: Disk) -> None:
    began = time.monotonic()
    scene.injector.deaf = True
    queue.cut()
    scene.kill("all")
    await scene.ended()
    scene.accounts.fault(began, time.monotonic())
    await asyncio.to_thread(queue.again)
    scene.injector.deaf = False
    scene.row.cycles += 1
