"""Where accepted messages are kept when asked: a Maildir, an mbox, a file with one JSON line each.

Nothing is fsynced: it is a test's memory, not a mailbox.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import BinaryIO, Protocol

from postduif.sink.received import Received


class Keeper(Protocol):
    """One place."""

    def keep(self, message: Received) -> None:
        """Write it. Raises OSError."""
        ...

    def flush(self) -> None:
        """Others can read what was kept so far."""
        ...

    def close(self) -> None:
        """No more comes."""
        ...


class Maildir:
    """One file a message in `new/`, complete when it appears there; the envelope in X-Sink-* lines at its top."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError."""
        self._directory = directory
        for name in ("tmp", "new", "cur"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        self._count = 0

    def keep(self, message: Received) -> None:
        """One file more."""
        self._count += 1
        name = f"{time.time():.6f}.{os.getpid()}_{self._count}.sink"
        path = self._directory / "tmp" / name
        path.write_bytes(envelope_lines(message) + message.content)
        path.rename(self._directory / "new" / name)

    def flush(self) -> None:
        """Every file is already whole."""

    def close(self) -> None:
        """Nothing is open."""


class Mbox:
    """One file, in the mboxrd form: lines end in LF, `From ` lines of a message get one more `>`."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("ab")

    def keep(self, message: Received) -> None:
        """One message more."""
        text = (envelope_lines(message) + message.content).replace(b"\r\n", b"\n")
        lines = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in text.split(b"\n")]
        stamp = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(message.at))
        sender = message.sender.encode().replace(b" ", b"-") or b"MAILER-DAEMON"
        self._file.write(b"From " + sender + b" " + stamp.encode() + b"\n" + b"\n".join(lines) + b"\n")

    def flush(self) -> None:
        """Hand it to the system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Record:
    """One JSON line a message, see `Received.record`."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("ab")

    def keep(self, message: Received) -> None:
        """One line more."""
        self._file.write(json.dumps(message.record(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        """Hand it to the system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def envelope_lines(message: Received) -> bytes:
    """The envelope as header fields."""
    params = "".join(f" {key}={value}" if value else f" {key}" for key, value in message.params.items())
    lines = [f"X-Sink-Sender: <{message.sender}>{params}"]
    for number, recipient in enumerate(message.recipients):
        extra = message.recipient_params[number] if message.recipient_params else {}
        lines.append(f"X-Sink-Recipient: <{recipient}>" + "".join(f" {key}={value}" for key, value in extra.items()))
    lines.append(
        f"X-Sink-Client: {message.client} ({message.ehlo.encode('unicode_escape').decode()}) {message.tls}".rstrip()
    )
    if message.dkim:
        lines.append(f"X-Sink-DKIM: {message.dkim}")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
