"""KILL at every system call: the road of one mail with its notification, and the start, are cut at each of their steps.

Each round starts the daemon, sends one mail to two recipients, of whom one is refused by the remote host, waits until
both are served, and stops. Round N ends at the Nth such call of the process it watches; a call is through when a round
gets to its end. What was acknowledged in any of them must be served in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from tests.crash.injector import Refused
from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene, lives
from tests.crash.tracing import from_the_start, tracing


class Aim(NamedTuple):
    """Which calls of which process are struck."""

    victim: str
    calls: str


ROAD = (
    Aim("writer", "fdatasync,fsync"),
    Aim("writer", "pwrite64"),
    Aim("writer", "ftruncate,unlink,rename"),
    Aim("writer", "sendto,write"),
    Aim("daemon", "sendmsg,sendto,write,writev"),
)
START = (Aim("start", "fdatasync,fsync"), Aim("start", "pwrite64,write"), Aim("start", "rename,unlink,ftruncate"))


async def sweep(directory: Path, strace: str, aims: tuple[Aim, ...] = ROAD, step: int = 1) -> Row:
    """KILL at every `step`th call of the road, until a round gets through."""
    async with Scene(directory, "KILL at every call of the road", delay='["0ms", "1ms"]') as scene:
        for aim in aims:
            number, struck = 1, True
            while struck:
                struck = await _round(scene, strace, aim, number)
                number += step
            scene.row.notes.append(f"{aim.victim}: {aim.calls}: up to call {number - step}")
        await scene.up()
        return await scene.reconcile()


async def _round(scene: Scene, strace: str, aim: Aim, number: int) -> bool:
    """One life of the daemon; whether it was cut short."""
    await scene.up()
    pid = scene.writer() if aim.victim == "writer" else scene.program.pid
    death = asyncio.create_task(_death(scene, pid))
    with tracing(strace, pid, f"{aim.calls}:signal=KILL:when={number}", scene.directory / "trace"):
        await _one_mail(scene)
        with contextlib.suppress(ProcessLookupError):
            scene.program.send(15)
        status = await scene.ended()
    scene.accounts.fault(await death, time.monotonic())
    scene.row.cycles += 1
    scene.row.check(status in (0, 1, -9), f"{aim} {number}: the daemon ended with {status}")
    return status != 0


async def _death(scene: Scene, pid: int) -> float:
    """When it has died, monotonic seconds."""
    await scene.until(lambda: not lives(pid), 3 * PATIENCE, "it outlives its round")
    return time.monotonic()


async def _one_mail(scene: Scene) -> None:
    number = scene.row.cycles
    try:
        await scene.injector.submit(f"r{number}@d.example", f"permfail{number}@d.example")
    except (OSError, EOFError, Refused):
        return
    await scene.until(lambda: not (scene.accounts.missing() and scene.program.runs), PATIENCE, "a mail is not served")


async def starts(directory: Path, strace: str, aims: tuple[Aim, ...] = START, step: int = 1, *, crashed: bool) -> Row:
    """KILL at every `step`th call of a start, with nothing there or with what a crash left; then start as ever."""
    async with Scene(
        directory, f"KILL at every call of a {'start after a crash' if crashed else 'first start'}"
    ) as scene:
        for aim in aims:
            if crashed:
                await _crash(scene)
            number = 1
            while await _start(scene, strace, aim, number, crashed=crashed):
                number += step
            scene.row.notes.append(f"{aim.calls}: up to call {number}")
        await scene.up()
        return await scene.reconcile()


async def _start(scene: Scene, strace: str, aim: Aim, number: int, *, crashed: bool) -> bool:
    """One start that is struck, and one that must succeed; whether the first was struck."""
    queue = scene.directory / "queue"
    if not crashed:
        shutil.rmtree(queue, ignore_errors=True)
    inject = f"{aim.calls}:signal=KILL:when={number}"
    through = await scene.try_up(from_the_start(strace, inject, queue, scene.directory / "trace"))
    await _kill_all(scene)  # strace among them
    scene.row.cycles += 1
    if through:
        return False
    if crashed:
        await _crash(scene)
    else:
        await scene.up()
        await scene.stop()
    return True


async def _crash(scene: Scene) -> None:
    """Start, take a mail, die."""
    await scene.up()
    await scene.injector.submit(f"r{scene.row.cycles}@d.example")
    await _kill_all(scene)


async def _kill_all(scene: Scene) -> None:
    began = time.monotonic()
    scene.kill("all")
    await scene.ended()
    scene.accounts.fault(began, time.monotonic())
