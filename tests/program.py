"""The real program, `postduif serve`, started as systemd starts it: what it tells systemd can be waited for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

PATIENCE = 60.0  # real seconds


class Program:
    """Starts and ends the daemon of one directory, any number of times. As a context, kills it at the end."""

    def __init__(self, directory: Path, settings: str, *, listener: str = "127.0.0.1:0") -> None:
        """`settings` is TOML that follows a [server] section and a trusted submission listener."""
        directory.chmod(0o700)
        self.run_dir = directory / "run"
        self.path = directory / "postduif.toml"
        self.log = directory / "log"
        self.path.write_text(
            f"""
            [server]
            hostname = "mta.sender.example"
            data_dir = "{directory}/queue"
            run_dir = "{self.run_dir}"
            [[listener]]
            address = "{listener}"
            trusted = ["127.0.0.0/8"]
            {settings}
            """
        )
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(os.path.join(tempfile.mkdtemp(), "notify"))
        self._notices.settimeout(PATIENCE)
        self._told = ""

    def start(self, shell: str = "exec", given: tuple[int, ...] = (), **environment: str) -> None:
        """Start it. `shell` are words before the command line, `given` descriptors it inherits."""
        command = f"{shell} {sys.executable} -m postduif serve --config {self.path}"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/bash", "-c", command],
                env={**os.environ, **environment, "NOTIFY_SOCKET": self._notices.getsockname()},
                stderr=log,
                pass_fds=given,
            )

    def wait_told(self, *lines: str) -> str:
        """Return once systemd was told these lines, in this order, and what it was told in all. Raises TimeoutError."""
        for line in lines:
            while line not in self._told.splitlines():
                try:
                    self._told += self._notices.recv(4096).decode() + "\n"
                except TimeoutError:
                    raise TimeoutError(f"no {line}; the log says:\n{self.log.read_text()}") from None
        told, self._told = self._told, ""
        return told

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def heard(self, line: str) -> bool:
        """Whether systemd was told this line by now, since `wait_told` returned last."""
        self._notices.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._told += self._notices.recv(4096).decode() + "\n"
        self._notices.settimeout(PATIENCE)
        return line in self._told.splitlines()

    @property
    def runs(self) -> bool:
        """It has not ended."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self._process.kill()
        self._process.wait()

    def ended(self) -> int:
        """The exit status, once it has ended by itself."""
        return self._process.wait(PATIENCE)

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self.kill()
        self._notices.close()
