"""A program for the crash tests: takes and settles mail until it is killed, reporting what was promised.

Writes one line to standard output after each promise: `put ID`, `done ID`. Run as `python -m tests.queue.crashing DIR`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.fakes import FakeClock
from tests.queue.mail import KEY, a_store, deferred, delivered, put


async def work(directory: Path) -> None:
    """Eight who put, two who settle every second entry and defer the others."""
    clock = FakeClock()
    async with a_store(directory, clock) as store:

        async def putter() -> None:
            while True:
                id_ = await put(store, "u@example.com", text="x" * 2000)
                os.write(1, f"put {id_}\n".encode())

        async def settler() -> None:
            while True:
                entries = await store.lease(KEY, 5)
                even = [entry for entry in entries if entry.envelope.id % 2 == 0]
                odd = [entry for entry in entries if entry.envelope.id % 2]
                await store.settle([*map(delivered, even), *(deferred(entry, clock.time() + 1e6) for entry in odd)])
                os.write(1, "".join(f"done {entry.envelope.id}\n" for entry in even).encode())
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(putter())
            for _ in range(2):
                group.create_task(settler())


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
