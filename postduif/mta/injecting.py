"""Hand mail to a running daemon over its control socket, as docs/injection.md has it: with a key it is queued once."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postduif.errors import PostduifError
from postduif.mta.control import NAME, ControlError

TIMEOUT = 30.0  # seconds, each reply
_LATER = frozenset({408, 409, 429, 500, 503, 507})
"""Statuses after which the same request may be taken."""


class NotAccepted(PostduifError):  # noqa: N818  the name says what is the case
    """The daemon says no, and would say so again."""


def inject(run_dir: Path, request: Mapping[str, object], key: str) -> list[str]:
    """Queue what is asked for, once for each `key`, whatever happens in between; what the daemon calls the messages.

    Raises ControlError when it is to be tried again with the same key, NotAccepted when that would not help.
    """
    connection = _Local(run_dir / NAME)
    fields = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
    with contextlib.closing(connection):
        try:
            connection.request("POST", "/api/v1/inject", json.dumps(request).encode(), fields)
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(f"no answer from the daemon at {run_dir / NAME}: {error}") from None
    if answer.status == 202:
        return [str(one["id"]) for one in said["messages"]]
    detail = str(said.get("detail") or said.get("title") or answer.status)
    if said.get("refusals"):
        detail = str(said["refusals"][0].get("detail") or detail)
    if answer.status in _LATER:
        raise ControlError(f"the daemon does not take mail now: {detail}")
    raise NotAccepted(detail)


class _Local(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        """To the socket in place of a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))
