"""The queue is an ordinary SQLite file that an operator can ask with ordinary tools."""

from __future__ import annotations

import asyncio
from pathlib import Path

import sqlite_utils

from postduif.address import Address
from postduif.config.schema import Queue
from postduif.envelope import Envelope, Message, Recipient
from postduif.queue.store import Store
from tests.fakes import FakeClock


def test_sqlite_utils_reads_a_live_queue(tmp_path: Path) -> None:
    """While the daemon has it open, sqlite-utils counts what waits and for whom."""
    data_dir = tmp_path / "data"

    async def story() -> None:
        store = Store.open(data_dir, Queue(disk_reserve=0), FakeClock())
        recipients = [Recipient(Address(name, "one.example")) for name in ("a", "b")]
        await store.put(Envelope(Address("s", "x.example"), recipients), Message(b"Subject: x\r\n\r\nx\r\n"))
        database = sqlite_utils.Database(data_dir / "queue.sqlite")
        assert [row["address"] for row in database["recipient"].rows] == ["a@one.example", "b@one.example"]
        assert database["message"].count == 1
        database.close()
        await store.close()

    asyncio.run(story())
