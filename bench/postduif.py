"""Postduif, as `postduif serve` with a settings file of a dozen lines; everything not said there is the default.

It logs trouble only, because Postfix does not pay for its log here either; what became of mail is in its journal.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from pathlib import Path

from bench.load import SENDER
from bench.peer import SELECTOR, Job
from bench.program import Program, free_port, wait_for_greeting

_SETTINGS = """\
[server]
hostname = "mta.example"
data_dir = "{root}/data"
run_dir = "{root}/run"
log_level = "warning"

[[listener]]
address = "127.0.0.1:{port}"
trusted = ["127.0.0.0/8"]

[[next_hop]]
domain = "*"
hosts = ["127.0.0.1:{next_hop}"]

[delivery]
connections = 20
messages_per_connection = 0
"""

_DKIM = """
[[dkim]]
domain = "{domain}"
selector = "{selector}"
key = "{key}"
"""


class Postduif:
    """One daemon with its queue below `root`, which must be on the file system that is measured."""

    name = "postduif"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._daemon: Program | None = None

    def version(self) -> str:
        """The version and the Python it runs on."""
        return f"Postduif {importlib.metadata.version('postduif')}, Python {sys.version.split()[0]}"

    def start(self, job: Job) -> int:
        """Starts with an empty queue."""
        self.stop()
        shutil.rmtree(self._root, ignore_errors=True)
        self._port = free_port()
        for name in ("", "data", "run"):
            (self._root / name).mkdir(mode=0o700, parents=True)
        self._run(job)
        return self._port

    def resume(self, job: Job) -> None:
        """Stops the daemon and starts it again on the same queue."""
        self.stop()
        self._run(job)

    def check(self) -> None:
        """Raises BenchError with the end of its log when the daemon has ended."""
        if self._daemon:
            self._daemon.check()

    def roots(self) -> list[int]:
        """The daemon."""
        return [self._daemon.pid] if self._daemon else []

    def stop(self) -> None:
        """Ends the daemon."""
        if self._daemon:
            self._daemon.stop()
            self._daemon = None

    def _run(self, job: Job) -> None:
        text = _SETTINGS.format(root=self._root, port=self._port, next_hop=job.next_hop)
        if job.signed:
            text += _DKIM.format(domain=SENDER.partition("@")[2], selector=SELECTOR, key=job.key)
        settings = self._root / "postduif.toml"
        settings.write_text(text, encoding="utf-8")
        command: list[str | Path] = [sys.executable, "-m", "postduif", "serve", "--config", settings]
        self._daemon = Program(command, self._root / "log")
        wait_for_greeting(self._port, self._daemon)
