"""Domains whose Destination is looked up, so many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from postduif.mta.finding import TOGETHER, Finding
from postduif.queue.scheduled import QueueKey
from postduif.reply import Reply

VERDICT = Reply(550, "5.1.2", "no such domain")


def _key(number: int) -> QueueKey:
    return QueueKey("default", f"domain{number}.example")


def test_so_many_at_a_time_in_order() -> None:
    """No more are under way than may be; each that ends lets the next begin; what is wanted twice is found once."""
    begun: list[str] = []
    found: list[QueueKey] = []

    async def run() -> None:
        go_on = asyncio.Semaphore(0)
        tasks: set[asyncio.Task[None]] = set()

        async def road(domain: str) -> Reply:
            begun.append(domain)
            await go_on.acquire()
            return VERDICT

        async def note(key: QueueKey, result: object) -> None:
            assert result == VERDICT
            found.append(key)

        def spawn(work: Coroutine[object, object, None]) -> None:
            tasks.add(asyncio.create_task(work))

        finding = Finding(road, note, spawn)
        keys = [_key(number) for number in range(TOGETHER + 5)]
        for key in [*keys, *keys]:
            finding.want(key)
        await asyncio.sleep(0)
        assert len(begun) == TOGETHER
        for _ in keys:
            go_on.release()
        for _ in range(5 * len(keys)):
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert begun == [key.domain for key in keys]
        assert found == keys

    asyncio.run(run())


def test_stopped() -> None:
    """What was not begun when it stops is not begun any more."""
    begun: list[str] = []

    async def run() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def road(domain: str) -> Reply:
            begun.append(domain)
            await asyncio.sleep(0)
            return VERDICT

        async def ignore(_: QueueKey, __: object) -> None:
            pass

        finding = Finding(road, ignore, lambda work: tasks.append(asyncio.create_task(work)))
        for number in range(TOGETHER + 5):
            finding.want(_key(number))
        finding.stop()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert len(begun) == TOGETHER
