"""Programs that the bench starts: each in a process group of its own, ended whole, never by name."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/lib/postfix/sbin"])


def find(program: str) -> str:
    """Path of an installed program. Raises BenchError with the remedy."""
    path = shutil.which(program, path=_PATH)
    if path is None:
        raise BenchError(f"{program} is not installed; `make peers` as root installs what the bench meets")
    return path


def free_port() -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A running program. Its output goes to a log file, whose end is quoted when the program ends too soon."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self._log = log
        self._name = Path(command[0]).name
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group."""
        return self._popen.pid

    def check(self) -> None:
        """Raises BenchError when it is not running any more."""
        if self._popen.poll() is not None:
            raise BenchError(f"{self._name} ended with {self._popen.returncode}: {tail(self._log)}")

    def stop(self, patience: float = 30.0) -> None:
        """SIGTERM and up to `patience` seconds for a clean end, then SIGKILL to the whole group."""
        if self._popen.poll() is None:
            self._popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, on one line."""
    if not log.exists():
        return "no output"
    return " / ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) or "no output"


def wait_for_greeting(port: int, running: Program | None, patience: float = 30.0, address: str = "127.0.0.1") -> None:
    """Returns when an SMTP server greets there. BenchError when its program ends or `patience` seconds pass."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if running:
            running.check()
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1.0) as connection:
            connection.settimeout(5.0)
            if connection.recv(512).startswith(b"220"):
                connection.sendall(b"QUIT\r\n")
                connection.recv(512)
                return
        time.sleep(0.02)
    raise BenchError(f"no SMTP greeting on port {port} within {patience:.0f} s")
