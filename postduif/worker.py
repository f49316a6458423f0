"""A process of ours that works beside the event loop: bytes go to it and come from it over a socket.

What would fight the event loop for the interpreter's lock runs in one: the queue's writer, signing. The loop watches
the bare socket, so that closing needs no loop. What the bytes mean is left to those who use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence

PATIENCE = 5.0
"""Seconds for a process to end after we hung up; then it is killed."""
_BUFFER = 1024 * 1024  # octets the kernel may keep for the other side, if its settings allow as many
_READ = 256 * 1024
_TOGETHER = 64  # frames in one call


class Worker:
    """`python -m module FD arguments...`, where FD is its end of the socket. Raises OSError when it cannot start."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        received: Callable[[bytes], None],
        lost: Callable[[], None],
        keep_open: Sequence[int] = (),
    ) -> None:
        """`received` is told what comes, in pieces; `lost` once, when it ends by itself. `keep_open`: descriptors."""
        self._received = received
        self._lost = lost
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unsent: deque[memoryview] = deque()
        self._waits = False  # for room
        self._socket, theirs = socket.socketpair()
        with theirs:
            # The command is our own. A group of its own keeps Ctrl-C from it. A session of its own would too, but the
            # kernel deals out the processor by session (autogroup) and would not see who stands back for whom.
            command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), *arguments]
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    command, pass_fds=[theirs.fileno(), *keep_open], stdin=subprocess.DEVNULL, process_group=0
                )
            except OSError:
                self._socket.close()
                raise
            for end in (self._socket, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._socket.setblocking(False)  # noqa: FBT003  it takes no name

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have this loop watch it; `received` and `lost` are called there."""
        if self._loop is loop:
            return
        self._detach()
        self._loop = loop
        loop.add_reader(self._socket, self._read)
        self._waits = False
        if self._unsent:
            self._watch_room()

    def send(self, *frames: bytes | memoryview) -> None:
        """Send them, or keep them until there is room."""
        if self._socket.fileno() < 0:
            return
        idle = not self._unsent
        self._unsent.extend(map(memoryview, frames))
        if idle:
            self._write()

    def _write(self) -> None:
        while self._unsent:
            try:
                sent = self._socket.sendmsg(list(itertools.islice(self._unsent, _TOGETHER)))
            except BlockingIOError:
                self._watch_room()
                return
            except OSError:
                self._unsent.clear()
                with contextlib.suppress(
                    OSError
                ):  # half a frame is no frame: end it, and the reading side tells `lost`
                    self._socket.shutdown(socket.SHUT_RDWR)
                break
            while self._unsent and sent >= len(self._unsent[0]):
                sent -= len(self._unsent.popleft())
            if sent:
                self._unsent[0] = self._unsent[0][sent:]
        if self._waits and self._loop is not None:
            self._waits = False
            self._loop.remove_writer(self._socket)

    def _watch_room(self) -> None:
        if not self._waits and self._loop is not None:
            self._waits = True
            self._loop.add_writer(self._socket, self._write)

    def _read(self) -> None:
        try:
            received = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if received:
            self._received(received)
        else:
            self.close()
            self._lost()

    def _detach(self) -> None:
        if self._loop is not None and self._socket.fileno() >= 0 and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def close(self) -> None:
        """Hang up, and wait for its end. Blocks, for `PATIENCE` at most."""
        self._detach()
        self._socket.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
