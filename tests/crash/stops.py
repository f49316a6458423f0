"""SIGTERM under load: the end that loses and repeats nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.crash.kills import CLIENTS
from tests.crash.report import Row
from tests.crash.scene import Scene

LONGEST_STOP = 30.0  # seconds


async def stops(directory: Path, cycles: int, longest: float = 0.5) -> Row:
    """Stop it `cycles` times, each within `longest` seconds of being ready, while clients send without end."""
    async with Scene(directory, "SIGTERM under load") as scene:
        scene.injector.start(CLIENTS)
        for _ in range(cycles):
            await scene.up()
            await asyncio.sleep(scene.dice.uniform(0.1, longest))
            before = scene.injector.heard["421"]
            began = time.monotonic()
            scene.row.check(await scene.stop() == 0, "it did not end with success")
            scene.row.check(time.monotonic() - began < LONGEST_STOP, f"it took {time.monotonic() - began:.1f} s")
            await asyncio.sleep(0.2)  # clients read what they were told
            scene.row.check(scene.injector.heard["421"] > before, "nobody heard 421")
            scene.row.cycles += 1
        await scene.injector.stop()
        await scene.up()
        row = await scene.reconcile(bound=0)
        row.check(not scene.injector.heard["451"], "451 where 421 or 250 was due")
        return row
