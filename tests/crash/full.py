"""Disks that are full, without room or without inodes, or that the kernel has made read-only."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from tests.crash.accounts import Key
from tests.crash.disk_errors import LONGEST_RECOVERY, failed_politely, stays_shut
from tests.crash.images import disk, small_disk
from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene
from tests.queue.mail import sql

CLIENTS = 20
WAITING = 100  # recipients in the queue when the disk fills
SLOW = '["100ms", "200ms"]'  # the sink, until then
_DELIVERED = "SELECT count(*) FROM journal WHERE kind = 'delivered'"


async def fills(directory: Path, kind: str, reserve: str) -> Row:
    """Somebody else writes until nothing is free; later that is removed. `reserve`: queue.disk_reserve; "0" is none."""
    fault = f"disk full, {kind}, " + (f"reserve {reserve}" if reserve != "0" else "no reserve")
    settings = f'[queue]\ndisk_reserve = "{reserve}"'
    with small_disk(kind, directory) as queue:
        async with Scene(directory, fault, settings=settings, delay=SLOW) as scene:
            await scene.up()
            await _waiting(scene)
            ballast = queue / "ballast"
            _fill(ballast)
            await scene.until(lambda: scene.injector.heard["452"], PATIENCE, "nobody heard 452")
            waiting, recorded = scene.accounts.missing(), _recorded(scene)
            if reserve != "0":  # the disk may be full before the daemon has looked how much is free
                await scene.until(lambda: _is_shut(scene), PATIENCE, "/readyz does not tell that the disk is full")
            before = len(scene.accounts.acknowledged)
            await _goes_on_delivering(scene, waiting, recorded)
            if reserve != "0":
                more = len(scene.accounts.acknowledged) - before
                scene.row.check(more <= CLIENTS, f"{more} mails were taken below the reserve")
                scene.row.check(await _is_shut(scene), "/readyz says that there is room")
            ballast.unlink()
            return await _takes_mail_again(scene)


async def no_inodes(directory: Path) -> Row:
    """Every inode is taken while it runs, and when it starts."""
    with small_disk("tmpfs", directory) as queue:
        async with Scene(directory, "no inodes", settings='[queue]\ndisk_reserve = "1M"') as scene:
            await scene.up()
            await scene.injector.submit("r1@d.example")
            taken = _take_inodes(queue)
            await scene.injector.submit("r2@d.example", "permfail2@d.example")
            await scene.until(lambda: not scene.accounts.missing(), PATIENCE, "mail does not flow without inodes")
            await scene.stop()
            taken += _take_inodes(queue)
            started = await scene.try_up()
            status = 0 if started else await scene.ended()
            scene.row.check(status == 1 and "cannot_serve" in scene.said(), f"started: {started}, status {status}")
            for path in taken:
                path.unlink()
            await scene.up()
            await scene.injector.submit("r3@d.example")
            scene.row.cycles = 1
            return await scene.reconcile(bound=0)


async def read_only(directory: Path) -> Row:
    """The kernel finds an error and makes the file system read-only, as ext4 does by default on most machines."""
    with disk("ext4", directory) as queue:
        directory.joinpath("queue").symlink_to(queue.path, target_is_directory=True)
        async with Scene(
            directory, "file system made read-only", settings='[queue]\ndisk_reserve = "8M"', delay=SLOW
        ) as scene:
            await scene.up()
            await _waiting(scene)
            began = time.monotonic()
            queue.fail()
            # An fsync that is under way may say yes and mean no: the kernel aborts its journal.
            scene.injector.doubted = scene.injector.begun
            await stays_shut(scene, scene.injector.begun)
            scene.row.check(not scene.accounts.again, "sent again in the same life")
            health = await scene.ready()
            scene.row.check(not health["ok"], f"/readyz says {health}")
            scene.kill("all")  # a stop would wait for the disk, as long as it may
            await scene.ended()
            scene.accounts.fault(began, time.monotonic())
            await scene.injector.stop()
            queue.again()
            await scene.up()
            scene.row.cycles = 1
            return await scene.reconcile()


async def _waiting(scene: Scene) -> None:
    """Clients send until enough waits."""
    scene.injector.start(CLIENTS)
    await scene.until(lambda: len(scene.accounts.missing()) > WAITING, PATIENCE, "the sink is too fast")


async def _is_shut(scene: Scene) -> bool:
    return not await scene.well()


def _recorded(scene: Scene) -> int:
    return int(sql(scene.directory, _DELIVERED)[0][0])


async def _goes_on_delivering(scene: Scene, waiting: set[Key], before: int) -> None:
    """What was waiting is delivered on a disk without room, and recorded as delivered, with the notifications.

    `before`: how many deliveries were recorded when it waited; a record comes after its delivery.
    """
    scene.row.check(bool(waiting), "nothing waited when the disk was full")
    took = await scene.until(lambda: not waiting & scene.accounts.missing(), PATIENCE, "deliveries stop")
    await scene.until(
        lambda: _recorded(scene) - before > len(waiting) // 2,
        PATIENCE,
        f"few of {len(waiting)} deliveries are recorded",
    )
    more = _recorded(scene) - before
    scene.row.notes.append(f"{len(waiting)} served in {took:.1f} s without room, and {more} recorded")


async def _takes_mail_again(scene: Scene) -> Row:
    before = len(scene.accounts.acknowledged)
    taken = await scene.until(
        lambda: len(scene.accounts.acknowledged) > before + CLIENTS, LONGEST_RECOVERY, "it does not recover"
    )
    scene.row.notes.append(f"took mail again after {taken:.1f} s")
    await scene.until(scene.well, PATIENCE, "/readyz says no")
    scene.row.cycles = 1
    await scene.injector.stop()
    return await failed_politely(scene)


def _fill(ballast: Path) -> None:
    """Write until nothing more goes."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def _take_inodes(queue: Path) -> list[Path]:
    taken: list[Path] = []
    with contextlib.suppress(OSError):
        while True:
            path = queue / f"taken{time.monotonic_ns()}"
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            taken.append(path)
    return taken
