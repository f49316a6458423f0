"""A clock that is wrong: set days ahead, set back, or days further after the machine was off."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene
from tests.queue.mail import sql

AHEAD = 30 * 86400  # seconds; a lifetime is four days
CLIENTS = 20
WAITING = 100  # recipients in the queue when the clock is set, of whom most were not tried
SLOW = '["100ms", "200ms"]'  # the sink
_DEFERRED = "\ninfo deferred"
_GIVEN_UP = "SELECT count(*) FROM journal WHERE kind = 'expired'"


class Clock:
    """What the daemon takes for the time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.shell = f"exec {sys.executable} -m tests.crash.set_clock {file}"
        """Words before the command of the daemon."""
        self.set(0)

    def set(self, ahead: int) -> None:
        """So many seconds ahead of the real time, from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(str(ahead))
        new.rename(self._file)


async def jumps(directory: Path, *, back: bool) -> Row:
    """30 days ahead while mail waits, and while it is off; `back`: between these, 30 days back while mail waits."""
    async with Scene(directory, "clock set ahead and back", retry="5s", delay=SLOW) as scene:
        clock = Clock(directory / "clock")
        await scene.up(clock.shell)
        await _waiting(scene)
        clock.set(AHEAD)
        await _all_served(scene, "ahead")
        if back:
            await scene.until(lambda: "clock_jumped" in scene.said(), PATIENCE, "the log does not tell")
            deferred = scene.said().count(_DEFERRED)
            await scene.injector.submit(*(f"greylist{number}@d.example" for number in range(10)))
            await scene.until(lambda: scene.said().count(_DEFERRED) > deferred, PATIENCE, "nothing is deferred")
            clock.set(0)
            await _all_served(scene, "back")
        clock.set(0)
        await _waiting(scene)
        scene.row.check(await scene.stop() == 0, "a stop failed")
        clock.set(AHEAD)
        await scene.up(clock.shell)
        await _all_served(scene, "ahead while it was off")
        scene.row.check(sql(directory, _GIVEN_UP) == [(0,)], "mail was given up for the sake of the clock")
        scene.row.check(("due_too_late" in scene.said()) or not back, "the log does not tell of what was due too late")
        scene.row.cycles = 2 + back
        return await scene.reconcile(bound=0)


async def _waiting(scene: Scene) -> None:
    scene.injector.start(CLIENTS)
    await scene.until(lambda: len(scene.accounts.missing()) > WAITING, PATIENCE, "the sink is too fast")
    await scene.injector.stop()


async def _all_served(scene: Scene, how: str) -> None:
    waiting = len(scene.accounts.missing())
    took = await scene.until(
        lambda: not scene.accounts.missing(), PATIENCE, f"mail waits for a clock that was set {how}"
    )
    scene.row.notes.append(f"{how}: {waiting} recipients served in {took:.0f} s")
