"""What time makes necessary: holds that end, a journal that grows, scheduled queues that are empty."""

from __future__ import annotations

import json
import sqlite3

from postduif.clock import Clock
from postduif.queue.journal import prune
from postduif.queue.orders import Orders
from postduif.queue.roster import Roster
from postduif.queue.writer import Writer

_FORGET = """
DELETE FROM scheduled_queue WHERE id IN (SELECT value FROM json_each(?))
AND NOT EXISTS (SELECT 1 FROM recipient WHERE queue = scheduled_queue.id AND hold = 0)
"""


async def tidy(writer: Writer, roster: Roster, orders: Orders, clock: Clock, retention: float) -> None:
    """Do it, in small transactions. `retention`: seconds for which the journal is kept. Raises StoreError."""
    now = clock.time()
    await orders.tidy(now)
    while await writer.call(prune, now - retention):
        pass
    await _forget_queues(writer, roster)


async def _forget_queues(writer: Writer, roster: Roster) -> None:
    idle = [queue for queue in roster.queues.values() if queue.empty]
    for queue in idle:
        queue.stored = False  # mail that comes while they are removed stores its own again

    def forgotten(_: object) -> None:
        for queue in idle:
            if queue.empty and not queue.stored:
                roster.forget(queue)

    if idle:
        ids = json.dumps([queue.row for queue in idle])
        await writer.call(_forget, ids, committed=forgotten)


def _forget(connection: sqlite3.Connection, ids: str) -> None:
    connection.execute(_FORGET, (ids,))
