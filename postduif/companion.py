"""The campaign's process beside the daemon: started when there are mailings, started again when it dies.

It can die without one mail being late: what it does is on disk, and the MTA needs nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from postduif import log

LOOK = 2.0  # seconds between looks whether there are mailings
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before it is started again
LONG_LIFE = 60.0  # seconds after which its death is the first one again
GRACE = 10.0  # seconds it has to end
NOT_STARTED = 127
COMMAND = ("-m", "postduif", "serve", "--only", "web", "--beside", "--config")


class Companion:
    """`run` keeps it alive until cancelled."""

    def __init__(self, config: Path, needed: Path) -> None:
        """`needed`: a file that is there as soon as there is something to do."""
        self._config = config
        self._needed = needed
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Real time and not the daemon's clock: processes know no other."""
        loop, wait = asyncio.get_running_loop(), FIRST_WAIT
        while True:
            while not self._needed.exists():  # noqa: ASYNC110  another process makes it
                await asyncio.sleep(LOOK)
            began = loop.time()
            status = await self._live()
            wait = FIRST_WAIT if loop.time() - began > LONG_LIFE else min(wait * 2, LONGEST_WAIT)
            if status:
                log.error("campaign_ended", status=status, again_in=wait, remedy="mail goes on; its own log says why")
            await asyncio.sleep(wait if status else 0)

    def reload(self) -> None:
        """Let it read the settings again."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def _live(self) -> int:
        """One life; its exit status, NOT_STARTED when there was none."""
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, *COMMAND, str(self._config), stdin=asyncio.subprocess.PIPE
            )
        except OSError as error:  # no memory, no process or descriptor left: it may be there later
            log.error("campaign_not_started", error=error)
            return NOT_STARTED
        log.info("campaign_started", pid=process.pid)
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
