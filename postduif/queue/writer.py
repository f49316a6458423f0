"""The daemon's end of the queue's writer: operations are gathered into batches and committed by a process beside us.

Whatever has gathered while the last transactions were fsynced goes into the next one (group commit). Promises: what is
submitted is answered in order; an operation whose future has a result is on disk. When the process dies, nobody can say
what of its last batches is on disk: everything fails from then on, and the daemon must start again.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from postduif import log
from postduif.errors import StoreError
from postduif.queue.change import Change, Task
from postduif.queue.committer import Answer, Operation
from postduif.queue.writing_worker import LENGTH, frames
from postduif.worker import Worker

MAX_BATCH = 512  # operations in one transaction
MAX_BATCH_OCTETS = 32 * 1024 * 1024  # roughly, of one transaction
UNDER_WAY = 2
"""Batches handed over and not answered: one is written while the next is on its way."""
DIED = "the process that writes the queue has died"


def _nothing(*_: object) -> None:
    """For those who need not be told."""


class Waiting(NamedTuple):
    """An operation, and who waits for it."""

    operation: Operation
    future: asyncio.Future[Any]
    committed: Callable[[Any], None]
    failed: Callable[[], None]


class Writer:
    """Methods are called on the event loop's thread."""

    def __init__(self, path: Path, reserved: int, lock: int) -> None:
        """`reserved`: the first message id that is not reserved on disk. `lock`: descriptor the process keeps open."""
        self.trouble = ""
        """What is wrong with the file or its disk; "" when it is healthy."""
        self.commits = 0
        self.errors = 0
        self.observe_commit: Callable[[float], None] = _nothing
        """Told the seconds each commit took."""
        self.dead = asyncio.Event()
        """Set when the process has died."""
        self._pending: deque[Waiting] = deque()
        self._under_way: deque[list[Waiting]] = deque()
        self._flushing = False
        self._closing = False
        self._received = bytearray()
        self._idle: asyncio.Event | None = None
        try:
            self._child = Worker(
                "postduif.queue.writing_worker",
                (str(path.absolute()), str(reserved)),
                received=self._answered,
                lost=self._lost,
                keep_open=(lock,),
            )
        except OSError as error:
            raise StoreError(f"the process that writes the queue cannot be started: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid

    def submit(
        self,
        operation: Operation,
        committed: Callable[[Any], None] = _nothing,
        failed: Callable[[], None] = _nothing,
    ) -> asyncio.Future[Any]:
        """Hand something over to be committed; the future has the task's result, or StoreError or StoreFull.

        `committed(result)` or `failed()` is called just before, also when nobody waits for the future.
        """
        if self._closing:
            raise StoreError("the queue is closed")
        if self.dead.is_set():
            raise StoreError(DIED)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._pending.append(Waiting(operation, future, committed, failed))
        if not self._flushing and len(self._under_way) < UNDER_WAY:
            self._flushing = True
            loop.call_soon(self._flush)
        return future

    def call(
        self, function: Callable[..., Any], *arguments: Any, committed: Callable[[Any], None] = _nothing
    ) -> asyncio.Future[Any]:
        """Hand over SQL of its own: `function(connection, *arguments)`, at the top of a module, runs in the process."""
        return self.submit(Task(function, arguments), committed)

    async def close(self) -> None:
        """Commit what was handed over and end the process."""
        self._closing = True
        if self._pending or self._under_way:
            self._idle = asyncio.Event()
            await self._idle.wait()
        await asyncio.to_thread(self._child.close)

    def _flush(self) -> None:
        self._flushing = False
        self._child.attach(asyncio.get_running_loop())
        while self._pending and len(self._under_way) < UNDER_WAY:
            batch = self._take()
            try:
                parts = frames([waiting.operation for waiting in batch])
            except Exception as error:  # a mistake of ours in one operation, which must not take the others with it
                self._send_back(batch, error)
                continue
            self._under_way.append(batch)
            self._child.send(*parts)

    def _send_back(self, batch: list[Waiting], error: Exception) -> None:
        """Of a batch that cannot be handed over, fail what cannot be; the others wait again, each at its place."""
        good = [waiting for waiting in batch if _crosses(waiting.operation)]
        log.error("failure", where="queue", error=repr(error))
        failed = StoreError(f"it cannot be handed to the queue's writer: {error!r}")
        self._settle([(waiting, failed) for waiting in batch if waiting not in good])
        self._pending.extendleft(reversed(good))

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        octets = 0
        while self._pending and len(batch) < MAX_BATCH and octets < MAX_BATCH_OCTETS:
            waiting = self._pending.popleft()
            batch.append(waiting)
            if isinstance(waiting.operation, Change):
                octets += waiting.operation.octets
        return batch

    def _answered(self, received: bytes) -> None:
        self._received += received
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            answer: Answer = pickle.loads(self._received[LENGTH.size : end])  # noqa: S301
            del self._received[:end]
            self._finish(self._under_way.popleft(), answer)
        self._flush()
        self._see_idle()

    def _finish(self, batch: list[Waiting], answer: Answer) -> None:
        self.commits += 1
        self.trouble, self.errors = answer.trouble, answer.errors
        self.observe_commit(answer.seconds)
        for note in answer.notes:
            log.error(note, remedy="see the disk's own errors; mail is refused meanwhile")
        self._settle(list(zip(batch, answer.results, strict=True)))

    def _settle(self, results: Sequence[tuple[Waiting, Any]]) -> None:
        for waiting, result in results:
            try:
                waiting.failed() if isinstance(result, StoreError) else waiting.committed(result)
            except Exception as error:  # a mistake of ours in one must not keep the others from their answers
                log.error("failure", where="queue", error=repr(error))
        for waiting, result in results:
            if waiting.future.cancelled():
                continue
            if isinstance(result, StoreError):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)

    def _lost(self) -> None:
        self.trouble = DIED
        self.dead.set()
        log.error("queue_writer_died", remedy="the daemon ends, to be started again; nothing that was accepted is lost")
        left = [waiting for batch in self._under_way for waiting in batch] + list(self._pending)
        self._under_way.clear()
        self._pending.clear()
        self._finish(left, Answer([StoreError(DIED)] * len(left), 0.0, DIED, self.errors + 1, []))
        self._see_idle()

    def _see_idle(self) -> None:
        if self._idle and not self._pending and not self._under_way:
            self._idle.set()


def _crosses(operation: Operation) -> bool:
    """It can be handed to another process."""
    try:
        frames([operation])
    except Exception:  # whatever pickling says of it
        return False
    return True
