"""A spam filter of Debian's, run on loopback while a test lasts."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from postduif.config.kinds import HostPort

PATIENCE = 60.0  # real seconds


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log_file: Path) -> Iterator[HostPort]:
    """The program, once it answers at its port. What it writes is the text of the AssertionError when it never does."""
    with log_file.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _wait_for(port, process, log_file)
            yield HostPort(f"127.0.0.1:{port}")
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], log_file: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(log_file.read_text(errors="replace"))
