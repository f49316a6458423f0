"""The control socket: how the command line asks the running daemon, and tells it what to do.

A Unix socket in `run_dir`, readable by its owner alone. One JSON object a line each way: `{"do": "queue.hold", ...}`
is answered by `{"ok": ...}` or `{"error": "..."}`. Who begins with POST speaks HTTP, and is handed on with all that
follows.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from postduif import log
from postduif.errors import AddressError, ConfigError, PostduifError

NAME = "control.sock"
MAX_LINE = 1024 * 1024  # octets of one request
MAX_PATH = 107  # octets of a socket's path (unix(7))
TIMEOUT = 60.0  # seconds the command line waits for an answer

Action = Callable[[dict[str, Any]], Awaitable[object]]
Tell = Callable[..., Any]
"""`tell("suppress.show", addresses=[...])` to the MTA: `ask` of a place. Raises ControlError."""
Host = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]
"""Attends to a client that speaks HTTP, with what came of it already."""


class ControlError(PostduifError):
    """The daemon could not be asked, or said no. The text names the remedy."""


class Control:
    """Answers on the socket until closed. `actions` maps names to what is done."""

    def __init__(self, run_dir: Path, actions: Mapping[str, Action], http: Host | None = None) -> None:
        self._http = http
        self._path = run_dir / NAME
        self._actions = actions
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Bind; a socket left over by a dead daemon is replaced (the queue's lock says that it is dead).

        Raises ConfigError when the path is longer than a socket's may be.
        """
        if len(os.fsencode(self._path)) > MAX_PATH:
            raise ConfigError(
                f"server.run_dir: {self._path} is too long for a socket; choose a directory with a shorter path"
            )
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        finally:
            os.umask(old)

    async def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._clients):
                writer.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                if self._http is not None and line.startswith(b"POST "):
                    await self._http(reader, writer, line)
                    return
                writer.write(json.dumps(await self._answer(line), default=str).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            # The other side went away, or sent an endless line: nothing is owed to it.
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            request = json.loads(line)
            action = self._actions[request.pop("do")]
        except (ValueError, KeyError, AttributeError):
            return {"error": "no such request; is the command line of another version than the daemon?"}
        try:
            return {"ok": await action(request)}
        except (ControlError, AddressError) as error:  # what was asked is wrong, and nothing here is
            return {"error": str(error)}
        except (PostduifError, TypeError, ValueError, KeyError) as error:
            log.warning("control_request_failed", error=repr(error))
            return {"error": str(error)}


def answers(run_dir: Path) -> bool:
    """A daemon is there to be asked."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(run_dir / NAME))
        except OSError:
            return False
    return True


def ask(run_dir: Path, do: str, *, patience: float = TIMEOUT, **request: object) -> Any:
    """Ask the daemon, from another process. Raises ControlError, `NotRunning` when there is none.

    `patience`: seconds that it may be silent. What it was told to do then may be done later.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(patience)
        try:
            client.connect(str(run_dir / NAME))
            client.sendall(json.dumps({"do": do, **request}).encode() + b"\n")
            answer = json.loads(client.makefile().readline() or "{}")
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(f"no daemon answers at {run_dir / NAME}; start it with `postduif serve`") from None
        except TimeoutError:
            raise ControlError(f"the daemon has said nothing for {patience:.0f} seconds; see its log") from None
        except (OSError, ValueError) as error:
            raise ControlError(f"the daemon at {run_dir / NAME} cut the connection ({error}); see its log") from None
    if "error" in answer:
        raise Refused(answer["error"])
    if "ok" not in answer:
        raise ControlError("the daemon hung up without an answer; see its log")
    return answer["ok"]


class Refused(ControlError):  # noqa: N818  the name says what is the case
    """The daemon was asked, and said no."""


class NotRunning(ControlError):  # noqa: N818  the name says what is the case
    """There is no daemon."""
