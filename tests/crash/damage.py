"""Queue files that are damaged, foreign, or of a later version, found by the real daemon at its start."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.crash.report import Row
from tests.crash.scene import MOST_MEMORY, PATIENCE, Scene
from tests.queue.mail import sql

MAILS = 200
AT_ONCE = 20
PAGE = 8192
_IDS = "SELECT DISTINCT message_id FROM message"


def _cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 3 // 5)


def _garbage(path: Path) -> None:
    with path.open("r+b") as file:
        pages = path.stat().st_size // PAGE
        for page in range(pages // 2, pages, 5):
            file.seek(page * PAGE)
            file.write(b"\xa5" * PAGE)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    path.write_bytes(b"From a@b Thu Nov 21 15:13:00 2024\n" * 100)


def _later(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(60)
        file.write(struct.pack(">I", 1000))


def _torn_log(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - PAGE // 2)


WHOLE = (_empty, _foreign, _later)
"""With these nothing of the old file can be used; put back, it has everything."""
DAMAGES: tuple[Callable[[Path], None], ...] = (_cut_off, _empty, _foreign, _later, _torn_log, _garbage)


async def damages(directory: Path, kinds: Sequence[Callable[[Path], None]] = DAMAGES) -> Row:
    """Each kind of damage in turn, to the same queue with mail that nobody takes."""
    async with Scene(directory, "damaged and foreign queue files", retry="1h") as scene:
        await scene.up()
        for first in range(0, MAILS, AT_ONCE):
            some = range(first, first + AT_ONCE)
            await asyncio.gather(*(scene.injector.submit(f"tempfail{one}@d{one % 5}.example") for one in some))
        await scene.until(lambda: scene.said().count("\ninfo deferred") >= MAILS, PATIENCE, "not tried")
        await scene.stop()
        queue, original = directory / "queue", directory / "original"
        shutil.copytree(queue, original)
        for damage in kinds:
            shutil.rmtree(queue)
            shutil.copytree(original, queue)
            await _one(scene, damage, queue)
        shutil.rmtree(queue)
        shutil.copytree(original, queue)
        scene.row.acknowledged = len(scene.accounts.acknowledged)
        return scene.row


async def _one(scene: Scene, damage: Callable[[Path], None], queue: Path) -> None:
    name, row, path = damage.__name__.strip("_"), scene.row, queue / "queue.sqlite"
    before = len(scene.said())
    if damage is _torn_log:
        await scene.up()
        await scene.injector.submit("tempfail@d.example")
        scene.kill("all")
        await scene.ended()
    damage(path)
    damaged = path.read_bytes()
    row.cycles += 1
    started = await scene.try_up()
    row.check(started == (damage is not _later), f"{name}: started: {started}")
    if started:
        await scene.injector.submit("tempfail@d.example")
        row.check(scene.memory() < MOST_MEMORY, f"{name}: {scene.memory():,} octets of memory")
        await scene.stop()
    else:
        row.check(await scene.ended() == 1, f"{name}: no error status")
    said = scene.said()[before:]
    row.check(damage is _torn_log or _errors(said) == 1, f"{name}: not one error line: {said}")
    row.check(damage is _torn_log or damaged in _contents(queue), f"{name}: the damaged file is gone")
    if damage is not _later:
        saved = sum(identity in scene.accounts.acknowledged for (identity,) in sql(scene.directory, _IDS))
        row.notes.append(f"{name}: {saved} of {len(scene.accounts.acknowledged)} mails in the queue that goes on")
        row.check(damage in WHOLE or saved > MAILS // 10, f"{name}: {saved} mails saved")


def _errors(said: str) -> int:
    return sum(line.startswith("error ") for line in said.splitlines())


def _contents(queue: Path) -> list[bytes]:
    return [file.read_bytes() for file in queue.iterdir() if file.name.startswith("queue.sqlite")]
