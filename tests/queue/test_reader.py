"""The order in which the thread that reads answers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

from postduif.queue import recovery
from postduif.queue.reader import Reader


def test_what_is_urgent_comes_first(tmp_path: Path) -> None:
    """Contents are read before the leases that wait, however many came before."""
    path = tmp_path / "queue.sqlite"
    recovery.create(path, 1)
    order: list[str] = []
    go_on = threading.Event()

    def block(_: sqlite3.Connection) -> None:
        go_on.wait(60)

    def note(_: sqlite3.Connection, name: str) -> None:
        order.append(name)

    async def ask() -> None:
        reader = Reader(path, "test")
        waiting = [asyncio.create_task(reader.call(block))]
        waiting += [asyncio.create_task(reader.call(note, name)) for name in ("lease 1", "lease 2")]
        waiting += [asyncio.create_task(reader.call_first(note, name)) for name in ("content 1", "content 2")]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*waiting)
        await asyncio.to_thread(reader.close)

    asyncio.run(ask())
    assert order == ["content 1", "content 2", "lease 1", "lease 2"]
