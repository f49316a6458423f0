"""strace as the hand that strikes: a system call of a running process fails, or kills it, the Nth time it is made."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60.0  # seconds to let go


class Trace:
    """Attached to one process with all its threads. The calls it saw are in `log`."""

    def __init__(self, strace: str, pid: int, inject: str, log: Path, also: str = "") -> None:
        """`inject`: CALLS:WHAT:when=N, as strace has it; N is counted from here on. `also`: calls only logged."""
        calls = inject.partition(":")[0]
        self.log = log
        self._process = subprocess.Popen(
            [
                *(strace, "-f", "-p", str(pid), "-o", str(log)),
                *("-e", f"trace={calls}{also and ','}{also}", "-e", f"inject={inject}"),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert "attached" in line, line

    def detach(self) -> None:
        """The process goes on untouched."""
        self._process.terminate()
        with self._process:
            self._process.wait(PATIENCE)

    def lines(self) -> list[str]:
        """What was logged so far, without process ids and times."""
        return [re.sub(r"^\d+ +", "", line) for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def tracing(strace: str, pid: int, inject: str, log: Path, also: str = "") -> Iterator[Trace]:
    """A `Trace` that lets go at the end."""
    trace = Trace(strace, pid, inject, log, also)
    try:
        yield trace
    finally:
        trace.detach()


def from_the_start(strace: str, inject: str, directory: Path, log: Path) -> str:
    """Words before a command that trace it and its children; only calls that touch files of `directory` count."""
    files = [directory, *(directory / name for name in _FILES)]
    only = " ".join(f"-P {file}" for file in files)
    calls = inject.partition(":")[0]
    return f"exec {strace} -f -o {log} {only} -e trace={calls} -e inject={inject}"


_FILES = ("lock", *(f"queue.sqlite{end}{more}" for end in ("", ".new") for more in ("", "-wal", "-shm", "-journal")))
