"""Stopping under load: politely, in time, without a second copy; and when the disk's process dies meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from postduif.app import GRACE
from tests.crash.report import Row
from tests.crash.scene import PATIENCE, Scene, play
from tests.crash.stops import doubles, stops


def test_a_stop_under_load_repeats_nothing(tmp_path: Path) -> None:
    """SIGTERM is answered within 30 seconds, open sessions hear 421, nothing is lost, nothing is sent twice."""
    row = play(stops(tmp_path, 1))
    assert row.wrong == []
    assert row.acknowledged >= 20
    assert row.again == 0


def test_a_writer_that_dies_while_we_stop_is_no_success(tmp_path: Path) -> None:
    """We do not wait for a disk that nobody writes to any more, and the status says that we are to be started again."""

    async def story() -> Row:
        async with Scene(tmp_path, "the writer dies during a stop") as scene:
            await scene.up()
            writer = scene.writer()
            await scene.injector.submit("permfail@d.example")
            os.kill(writer, signal.SIGSTOP)
            await scene.until(lambda: scene.accounts.served or scene.injector.answered, PATIENCE, "not delivered")
            began = time.monotonic()
            scene.program.send(signal.SIGTERM)
            await asyncio.to_thread(scene.program.wait_told, "STOPPING=1")
            died = time.monotonic()
            os.kill(writer, signal.SIGKILL)
            scene.row.check(await scene.ended() == 1, "it ended with success")
            scene.row.check(time.monotonic() - began < GRACE, "it waited for the dead")
            scene.accounts.fault(died, time.monotonic())
            await scene.up()
            return await scene.reconcile()

    assert play(story()).wrong == []


def test_a_second_daemon_is_refused_at_once(tmp_path: Path) -> None:
    """With one line that names the first, whose mail goes on; a lock that a dead daemon left is no obstacle."""
    row = play(doubles(tmp_path, 1))
    assert row.wrong == []
    assert row.acknowledged > 0
