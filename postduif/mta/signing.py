"""Signing digests beside the event loop, in processes that are started with the first job and share the work.

One of them that dies is replaced, and what it had not signed is signed by a thread here: no mail waits for it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence

from postduif import log
from postduif.mta.dkim_keys import SigningKey
from postduif.mta.signing_worker import ANSWER, JOB, KEY
from postduif.worker import Worker


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
    """The daemon's end of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, died: Callable[[_Process], None]) -> None:
        """`died` is told when it ends by itself, also when nobody waits for a signature."""
        self.waiting: dict[int, asyncio.Future[bytes]] = {}
        self._loop = loop
        self._died = died
        self._numbers: dict[bytes, int] = {}
        self._next_job = 0
        self._received = b""
        self._child = Worker("postduif.mta.signing_worker", received=self._answered, lost=self._lost)
        self._child.attach(loop)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def sign(self, key: SigningKey, digest: bytes) -> asyncio.Future[bytes]:
        """The signature to come; ConnectionError when the process dies before it."""
        future: asyncio.Future[bytes] = self._loop.create_future()
        number = self._numbers.get(key.der)
        if number is None:
            number = self._numbers[key.der] = len(self._numbers)
            self._child.send(KEY.pack(b"K", number, len(key.der)) + key.der)
        job = self._next_job = (self._next_job + 1) & 0xFFFFFFFF
        self.waiting[job] = future
        self._child.send(JOB.pack(b"S", number, job, digest))
        return future

    def _answered(self, received: bytes) -> None:
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
        waiting, self.waiting = self.waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(ConnectionError())

    def close(self) -> None:
        """Hang up, and wait for its end."""
        self._child.close()


def _load(process: _Process) -> int:
    return len(process.waiting)
