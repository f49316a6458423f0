"""`postduif serve` on a queue that is given, with DNS and hosts of a `Field`; what is not said here is the default."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from bench.field import WELL
from bench.gauges import read
from bench.program import Program, free_port, wait_for_greeting

_SETTINGS = """\
[server]
hostname = "mta.example"
data_dir = "{root}/data"
run_dir = "{root}/run"
log_level = "error"

[[listener]]
address = "127.0.0.1:{port}"
trusted = ["127.0.0.0/8"]

[dns]
nameservers = ["127.0.0.1:{remote}"]

[delivery]
port = {remote}
allowed_networks = ["127.0.0.0/8"]
connect_timeout = "5s"

[metrics]
address = "127.0.0.1:{metrics}"
"""
_NEXT_HOP = """
[[next_hop]]
domain = "*"
hosts = ["{well}:{remote}"]
"""


class Daemon:
    """One daemon at a time on the queue in `root`/data. `by_mx`: every domain its own site; else one next hop."""

    def __init__(self, root: Path, remote: int, *, by_mx: bool) -> None:
        self.port = free_port()
        self.metrics = free_port()
        self._root = root
        (root / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        text = _SETTINGS if by_mx else _SETTINGS + _NEXT_HOP
        values = {"root": root, "port": self.port, "metrics": self.metrics, "remote": remote, "well": WELL}
        self._settings = root / "postduif.toml"
        self._settings.write_text(text.format(**values), encoding="utf-8")

    def __enter__(self) -> Daemon:
        """Start it; returns at once."""
        command: list[str | Path] = [sys.executable, "-m", "postduif", "serve", "--config", self._settings]
        self.started = time.monotonic()
        self._program = Program(command, self._root / "log")
        return self

    def __exit__(self, *_: object) -> None:
        self._program.stop()

    @property
    def pid(self) -> int:
        """Of the process that all its others descend from."""
        return self._program.pid

    def ready(self) -> float:
        """Waits until it greets; seconds since it was started."""
        wait_for_greeting(self.port, self._program, patience=120.0)
        return time.monotonic() - self.started

    def check(self) -> None:
        """Raises BenchError with its last words when it has ended."""
        self._program.check()

    def samples(self) -> dict[str, float]:
        """What it says at /metrics."""
        return read(self.metrics)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)
