"""`postduif serve` as a program of its own, as systemd would run it; it ends with the block that began it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import sys
from collections.abc import AsyncIterator

from postduif.demo.workshop import Workshop
from postduif.errors import PostduifError

START = 60.0  # seconds until it must be ready; the first start after an installation compiles everything, three times
STOP = 25.0  # seconds until it must have ended
LOG = "daemon.log"


class DaemonError(PostduifError):
    """It did not start, or ended by itself; the text has its last words."""


class Daemon:
    """A running daemon."""

    def __init__(self, workshop: Workshop, program: asyncio.subprocess.Process) -> None:
        self.workshop = workshop
        self._program = program

    def check(self) -> None:
        """Raises DaemonError when it has ended."""
        if self._program.returncode is not None:
            raise DaemonError(
                f"the daemon ended with status {self._program.returncode}: {self.complaints() or 'no reason given'}"
            )

    def complaints(self) -> str:
        """The last errors of its log."""
        log = self.workshop.directory / LOG
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        return "\n".join([line for line in lines if line.startswith("error ")][-5:])

    def get(self, path: str) -> tuple[int, str]:
        """What it says over HTTP: status and text; (0, "") while it does not answer. Blocks."""
        client = http.client.HTTPConnection("127.0.0.1", self.workshop.metrics, timeout=30)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            client.close()

    async def ready(self) -> None:
        """Return once it serves, and its pages too. Raises DaemonError."""
        try:
            async with asyncio.timeout(START):
                while not await asyncio.to_thread(self._serves):
                    self.check()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise DaemonError(f"the daemon was not ready after {START:g} s: {self.complaints()}") from None

    def _serves(self) -> bool:
        if self.get("/readyz")[0] != 200:
            return False
        for port in (self.workshop.web, self.workshop.public):  # processes of their own, which start a little later
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
            except OSError:
                return False
        return True

    async def ended(self) -> None:
        """Return never; raises DaemonError when it ends by itself."""
        await self._program.wait()
        self.check()

    async def stop(self) -> None:
        """SIGTERM; SIGKILL when that does not help."""
        for end in (self._program.terminate, self._program.kill):
            if self._program.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._program.wait(), STOP)


@contextlib.asynccontextmanager
async def running(workshop: Workshop) -> AsyncIterator[Daemon]:
    """A daemon that is ready. Raises DaemonError."""
    with (workshop.directory / LOG).open("ab") as log:
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "postduif",
            "serve",
            "--config",
            str(workshop.config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we end it in order
        )
    daemon = Daemon(workshop, program)
    try:
        await daemon.ready()
        yield daemon
    finally:
        await asyncio.shield(daemon.stop())
