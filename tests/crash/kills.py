"""kill -9 at random moments under load: of the daemon, of the process that writes its queue, of all at once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.crash.report import Row
from tests.crash.scene import CONNECTIONS, Scene

CLIENTS = 50
VICTIMS = ("daemon", "writer", "all")


async def kills(directory: Path, cycles: int, least: int, longest: float = 0.5) -> Row:
    """At least `cycles` kills and `least` acknowledged; each within `longest` seconds of being ready."""
    async with Scene(directory, "kill -9 at random") as scene:
        scene.injector.start(CLIENTS)
        while scene.row.cycles < cycles or len(scene.accounts.acknowledged) < least:
            await scene.up()
            await asyncio.sleep(scene.dice.uniform(0, longest))
            victim = VICTIMS[scene.row.cycles % len(VICTIMS)]
            began = time.monotonic()
            scene.kill(victim)
            status = await scene.ended()
            scene.accounts.fault(began, time.monotonic())
            scene.row.check(
                status == (1 if victim == "writer" else -9), f"{victim} killed: the daemon ended with {status}"
            )
            scene.row.cycles += 1
        await scene.injector.stop()
        await scene.up()
        row = await scene.reconcile()
        again = len(scene.accounts.again) / row.cycles
        row.notes.append(f"{again:.2f} second copies a kill, {CLIENTS} clients, {CONNECTIONS} connections to the sink")
        said = scene.said()
        row.check("unclean_stop" in said, "no start tells of the end before it")
        row.check(said.count("queue_writer_died") == (row.cycles + 1) // 3, "not one line for each writer killed")
        return row
