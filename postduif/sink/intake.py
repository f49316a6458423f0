"""What happens to an accepted message.

It is compared with those before, verified if asked, counted, kept, and told to those who wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

from postduif.clock import Clock
from postduif.sink.figures import Figures
from postduif.sink.keeping import Keeper
from postduif.sink.received import Received, Signature, bare_newlines
from postduif.sink.seen import Seen
from postduif.sink.verify import Verifier, pool, verdict

MAX_VERIFYING = 1000  # messages that wait for verification; above it the sink reads nothing more
_FLUSH = 0.2  # seconds between two flushes of what is kept


class Memory(NamedTuple):
    """What is remembered of messages."""

    keep: int
    """How many stay whole in memory."""
    seen: Seen
    """To find duplicates."""
    keepers: tuple[Keeper, ...]
    """Files."""


class Intake:
    """Lives in one event loop, between `start` and `stop`. Messages count once they are verified."""

    def __init__(
        self,
        figures: Figures,
        clock: Clock,
        memory: Memory,
        on_room: Callable[[], None],
        verifier: Verifier | None,
        processes: int,
    ) -> None:
        """`on_room` is called when `full` ends. `processes`: that verify; 0 is a thread."""
        self.messages: deque[Received] = deque(maxlen=memory.keep)
        self.full = False
        self._figures = figures
        self._clock = clock
        self._memory = memory
        self._on_room = on_room
        self._verifier = verifier
        self._processes = processes
        self._pool: Executor | None = None
        self._verifying: set[asyncio.Future[tuple[Signature, ...]]] = set()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._flush: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Ready to take."""
        if self._verifier:
            self._pool = pool(self._processes)

    async def stop(self) -> None:
        """Finish what is being verified, write what is kept, let the waiting go."""
        while self._verifying:
            await asyncio.wait(self._verifying)
            await asyncio.sleep(0)
        if self._pool:
            self._pool.shutdown()
        if self._flush:
            self._flush.cancel()
        for keeper in self._memory.keepers:
            keeper.close()
        for _, future in self._waiters:
            future.cancel()

    def take(self, message: Received) -> None:
        """One more."""
        duplicates = 0
        if message.message_id:
            for recipient in message.recipients:
                duplicates += self._memory.seen.again(message.message_id, recipient)
        if self._memory.keepers or self.messages.maxlen:
            message = message._replace(duplicates=duplicates, at=self._clock.time())
        self._figures.duplicates += duplicates
        if self._pool and self._verifier:
            self._verify(self._pool, self._verifier, message)
        else:
            self._count(message)

    async def wait_for(self, count: int) -> None:
        """Return once so many messages were taken since the start."""
        if self._figures.messages < count:
            future = asyncio.get_running_loop().create_future()
            self._waiters.append((count, future))
            await future

    def _verify(self, executor: Executor, verifier: Verifier, message: Received) -> None:
        future = asyncio.get_running_loop().run_in_executor(executor, verifier.verify, message.content)
        self._verifying.add(future)
        self.full = len(self._verifying) >= MAX_VERIFYING

        def verified(future: asyncio.Future[tuple[Signature, ...]]) -> None:
            self._verifying.discard(future)
            if self.full and len(self._verifying) < MAX_VERIFYING // 2:
                self.full = False
                self._on_room()
            signatures = future.result()
            good = sum(signature.good for signature in signatures)
            self._figures.signatures_good += good
            self._figures.signatures_bad += len(signatures) - good
            self._figures.signatures_none += not signatures
            self._count(message._replace(signatures=signatures, dkim=verdict(signatures)))

        future.add_done_callback(verified)

    def _count(self, message: Received) -> None:
        content, figures, now = message.content, self._figures, self._clock.monotonic()
        figures.bare_newlines += bare_newlines(content)
        figures.nuls += content.count(b"\0") if b"\0" in content else 0
        figures.octets += len(content)
        figures.recipients += len(message.recipients)
        if not figures.messages:
            figures.first = now
        figures.last = now
        figures.messages += 1
        self.messages.append(message)
        if self._memory.keepers:
            self._keep(message)
        if self._waiters:
            self._wake()

    def _keep(self, message: Received) -> None:
        for keeper in self._memory.keepers:
            keeper.keep(message)
        self._flush = self._flush or asyncio.get_running_loop().call_later(_FLUSH, self._flush_all)

    def _flush_all(self) -> None:
        self._flush = None
        for keeper in self._memory.keepers:
            keeper.flush()

    def _wake(self) -> None:
        for count, future in self._waiters:
            if count <= self._figures.messages and not future.done():
                future.set_result(None)
        self._waiters = [waiter for waiter in self._waiters if not waiter[1].done()]
