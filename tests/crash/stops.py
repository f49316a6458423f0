"""SIGTERM under load: the end that loses and repeats nothing. And a second daemon on the same queue."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from tests.crash.kills import CLIENTS
from tests.crash.report import Row
from tests.crash.scene import LONGEST_STOP, PATIENCE, Scene

FEW = 5  # clients while a second daemon is refused: fifty would fill the queue for half a minute
SOME = 20  # mails that are acknowledged before each stop, at least


async def stops(directory: Path, cycles: int, longest: float = 0.5) -> Row:
    """Stop it `cycles` times, each within `longest` seconds of being ready, while clients send without end."""
    async with Scene(directory, "SIGTERM under load") as scene:
        scene.injector.start(CLIENTS)
        for _ in range(cycles):
            await scene.up()
            some = len(scene.accounts.acknowledged) + SOME
            await scene.until(lambda some=some: len(scene.accounts.acknowledged) > some, PATIENCE, "no mail is taken")
            await asyncio.sleep(scene.dice.uniform(0, longest))
            before = scene.injector.heard["421"]
            began = time.monotonic()
            scene.row.check(await scene.stop() == 0, "it did not end with success")
            scene.row.check(time.monotonic() - began < LONGEST_STOP, f"it took {time.monotonic() - began:.1f} s")
            await scene.until(lambda before=before: scene.injector.heard["421"] > before, PATIENCE, "nobody heard 421")
            scene.row.cycles += 1
        await scene.injector.stop()
        await scene.up()
        row = await scene.reconcile(bound=0)
        row.check(not scene.injector.heard["451"], "451 where 421 or 250 was due")
        return row


async def doubles(directory: Path, cycles: int) -> Row:
    """Start a second daemon on a queue in use, `cycles` times; then kill the first and start with its lock there."""
    async with Scene(directory, "second daemon, stale lock") as scene:
        await scene.up()
        scene.injector.start(FEW)
        for _ in range(cycles):
            status, lines = await asyncio.to_thread(_second, scene)
            scene.row.check(scene.program.runs, "the first has ended")
            said = len(lines) == 1 and f"is in use by process {scene.program.pid}; stop it first" in lines[0]
            scene.row.check(status == 1 and said, f"the second ends with {status} and says {lines}")
            scene.row.cycles += 1
        await scene.until(lambda: scene.accounts.acknowledged, PATIENCE, "no mail is taken")
        killed = time.monotonic()
        scene.kill("all")
        await scene.ended()
        scene.accounts.fault(killed, time.monotonic())
        await scene.injector.stop()
        await scene.up()
        return await scene.reconcile()


def _second(scene: Scene) -> tuple[int, list[str]]:
    """Another daemon with the same settings: its status, and what it says."""
    command = [sys.executable, "-m", "postduif", "serve", "--config", str(scene.program.path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    return ended.returncode, ended.stderr.splitlines()
