"""Hands mail to the daemon of this host as docs/injection.md has it, over its control socket: it asks for no token."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any, NamedTuple

from postduif.mta.control import NAME, TIMEOUT, NotRunning
from postduif.mta.injection.api import PATH

JSON, LINES = "application/json", "application/jsonl"


class Said(NamedTuple):
    """What it answered."""

    status: int
    """HTTP."""
    body: dict[str, Any]


def inject(run_dir: Path, body: bytes, kind: str, key: str = "") -> Said:
    """One request; `kind` is JSON or LINES, `key` the Idempotency-Key, "" for none.

    Raises NotRunning when there is no daemon, or no answer from it.
    """
    connection = _Connection(run_dir / NAME)
    fields = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
    try:
        connection.request("POST", PATH, body, fields)
        response = connection.getresponse()
        return Said(response.status, json.loads(response.read()))
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotRunning(f"no daemon answers at {run_dir / NAME}; start it with `postduif serve`") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotRunning(f"the daemon at {run_dir / NAME} did not answer ({error}); see its log") from None
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
