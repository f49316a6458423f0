"""A process of the campaign beside the daemon: started when it is needed, started again when it dies.

There are two: `web` acts for mailings and serves the pages of those who make them, `public` serves those behind the
links in mail. Either can die without one mail being late: what it does is on disk, and the MTA needs nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from postduif import log

LOOK = 2.0  # seconds between looks whether it is needed
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before it is started again
LONG_LIFE = 60.0  # seconds after which its death is the first one again
GRACE = 10.0  # seconds it has to end
NOT_STARTED = 127
COMMAND = ("-m", "postduif", "serve", "--beside", "--only")

Part = Literal["web", "public"]


class Companion:
    """`run` keeps it alive until cancelled."""

    def __init__(self, config: Path, part: Part, needed: Callable[[], bool]) -> None:
        """`needed`: whether there is anything to do for it; asked again and again while there is not."""
        self._config = config
        self._part = part
        self._needed = needed
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Real time and not the daemon's clock: processes know no other."""
        loop, wait = asyncio.get_running_loop(), FIRST_WAIT
        while True:
            while not self._needed():  # noqa: ASYNC110  another process changes it
                await asyncio.sleep(LOOK)
            began = loop.time()
            status = await self._live()
            wait = FIRST_WAIT if loop.time() - began > LONG_LIFE else min(wait * 2, LONGEST_WAIT)
            if status:
                remedy = "mail goes on; its own log says why"
                log.error("campaign_ended", part=self._part, status=status, again_in=wait, remedy=remedy)
            await asyncio.sleep(wait if status else 0)

    def reload(self) -> None:
        """Let it read the settings again."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def _live(self) -> int:
        """One life; its exit status, NOT_STARTED when there was none."""
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, *COMMAND, self._part, "--config", str(self._config), stdin=asyncio.subprocess.PIPE
            )
        except OSError as error:  # no memory, no process or descriptor left: it may be there later
            log.error("campaign_not_started", part=self._part, error=error)
            return NOT_STARTED
        log.info("campaign_started", part=self._part, pid=process.pid)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
