"""What the relay says to syslog, kept so that one can see why a report did not come."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class Journal:
    """Listens on a socket of its own at `path` while the context lasts, and writes what comes to `copy`."""

    def __init__(self, path: Path, copy: Path) -> None:
        self._path = path
        self._copy = copy

    def __enter__(self) -> Self:
        """Start to listen."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._path.chmod(0o666)
        threading.Thread(target=self._listen, name="journal", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Stop; the thread ends with the process."""
        self._path.unlink()

    def _listen(self) -> None:
        with self._copy.open("wb", buffering=0) as copy:
            while True:
                copy.write(self._socket.recv(8192).rstrip(b"\n\0") + b"\n")
