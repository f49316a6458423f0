"""A few threads that compute for the event loop and hand back results in batches.

OpenSSL releases the GIL, so two threads sign on two cores. Whatever is finished while the loop is busy is delivered
by one wake-up. The number of jobs waiting is bounded by who calls `run`: each caller waits for its one result.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

_Job = tuple["_Outbox", "asyncio.Future[bytes]", Callable[[], bytes]]


class Pool:
    """Threads that start with the first job. `run` is called on an event loop, `close` from anywhere."""

    def __init__(self, threads: int, name: str) -> None:
        self._size = threads
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._outbox: _Outbox | None = None

    def run(self, work: Callable[[], bytes]) -> asyncio.Future[bytes]:
        """Have `work` done by a thread. A cancelled job that has not begun is dropped."""
        loop = asyncio.get_running_loop()
        outbox = self._outbox
        if outbox is None or outbox.loop is not loop:
            outbox = self._outbox = _Outbox(loop)
        if not self._threads:
            self._start()
        future: asyncio.Future[bytes] = loop.create_future()
        self._jobs.put((outbox, future, work))
        return future

    def close(self) -> None:
        """Return once every job handed in is done and the threads have ended."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start(self) -> None:
        self._threads = [
            threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            for number in range(self._size)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while job := self._jobs.get():
            outbox, future, work = job
            if future.cancelled():
                continue
            try:
                outbox.put(future, work())
            except Exception as error:
                outbox.put(future, error)


class _Outbox:
    """Results on their way back to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[tuple[asyncio.Future[bytes], bytes | Exception]] = deque()
        self._called = False

    def put(self, future: asyncio.Future[bytes], result: bytes | Exception) -> None:
        """Called by a thread. Two that call at once may both wake the loop: harmless."""
        self._done.append((future, result))
        if not self._called:
            self._called = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # The flag first: what is appended from here on is either seen below or wakes the loop again.
        self._called = False
        while self._done:
            future, result = self._done.popleft()
            if future.done():
                continue
            if isinstance(result, bytes):
                future.set_result(result)
            else:
                future.set_exception(result)
