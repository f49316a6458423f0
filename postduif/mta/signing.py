"""Signing digests beside the event loop, in processes that are started with the first job and share the work.

One of them that dies is replaced, and what it had not signed is signed by a thread here: no mail waits for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from postduif import log
from postduif.mta.dkim_keys import SigningKey
from postduif.mta.signing_worker import ANSWER, JOB, KEY

PATIENCE = 5.0  # seconds for a process to end after we hung up


class Signing:
    """`size` processes. `sign` is called on one event loop at a time, `close` from anywhere."""

    def __init__(self, size: int = 0) -> None:
        """`size` 0: one a core."""
        self._size = size or os.cpu_count() or 1
        self._processes: list[_Process] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def sign(self, key: SigningKey, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest."""
        try:
            if len(self._processes) < self._size or self._loop is not asyncio.get_running_loop():
                self._start(asyncio.get_running_loop())
            return await min(self._processes, key=_load).sign(key, digest)
        except ConnectionError:
            pass
        except OSError as error:
            log.error("no_signing_process", error=error)
        return await asyncio.to_thread(key.sign, digest)

    def _died(self, process: _Process) -> None:
        if process in self._processes:
            self._processes.remove(process)
            log.error("signing_process_died", pid=process.pid)

    def close(self) -> None:
        """End the processes. What waits for a signature waits for ever: let it end first."""
        processes, self._processes = self._processes, []
        for process in processes:
            process.close()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            self.close()
            self._loop = loop
        while len(self._processes) < self._size:
            self._processes.append(_Process(loop, self._died))

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes there are."""
        return [process.pid for process in self._processes]


class _Process:
    """The daemon's end of one process. The loop watches the bare socket, so that closing needs no loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, died: Callable[[_Process], None]) -> None:
        """`died` is told when it ends by itself, also when nobody waits for a signature."""
        self.waiting: dict[int, asyncio.Future[bytes]] = {}
        self._loop = loop
        self._died = died
        self._numbers: dict[bytes, int] = {}
        self._next_job = 0
        self._received = self._unsent = b""
        self._socket, theirs = socket.socketpair()
        with theirs:
            # The command is our own; a session of its own keeps Ctrl-C from it.
            command = [sys.executable, "-P", "-m", "postduif.mta.signing_worker", str(theirs.fileno())]
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
                )
            except OSError:
                self._socket.close()
                raise
        self._socket.setblocking(False)  # noqa: FBT003  it takes no name
        loop.add_reader(self._socket, self._read)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def sign(self, key: SigningKey, digest: bytes) -> asyncio.Future[bytes]:
        """The signature to come; ConnectionError when the process dies before it."""
        future: asyncio.Future[bytes] = self._loop.create_future()
        number = self._numbers.get(key.der)
        if number is None:
            number = self._numbers[key.der] = len(self._numbers)
            self._send(KEY.pack(b"K", number, len(key.der)) + key.der)
        job = self._next_job = (self._next_job + 1) & 0xFFFFFFFF
        self.waiting[job] = future
        self._send(JOB.pack(b"S", number, job, digest))
        return future

    def _send(self, frame: bytes) -> None:
        if self._unsent:
            self._unsent += frame
            return
        try:
            sent = self._socket.send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._loop.call_soon(self._lost)
            return
        if sent < len(frame):
            self._unsent = frame[sent:]
            self._loop.add_writer(self._socket, self._write)

    def _write(self) -> None:
        self._loop.remove_writer(self._socket)
        unsent, self._unsent = self._unsent, b""
        self._send(unsent)

    def _read(self) -> None:
        try:
            received = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._lost()
            return
        frames, at = self._received + received, 0
        while at + ANSWER.size <= len(frames):
            job, length = ANSWER.unpack_from(frames, at)
            end = at + ANSWER.size + length
            if end > len(frames):
                break
            future = self.waiting.pop(job)
            if not future.done():
                future.set_result(frames[at + ANSWER.size : end])
            at = end
        self._received = frames[at:]

    def _lost(self) -> None:
        self._died(self)
        self.close()
        waiting, self.waiting = self.waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(ConnectionError())

    def close(self) -> None:
        """Hang up, and wait for its end."""
        if self._socket.fileno() >= 0 and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _load(process: _Process) -> int:
    return len(process.waiting)
