"""What operators do to the queue: hold, unhold, retry, delete. Called through the Store.

A condition may mean millions of recipients. They are found by a reader, which makes nobody wait, and changed a
thousand at a time, so that mail goes on between; mail that comes after a chunk was read is not touched.

What is leased: hold and delete mark it on disk at once and recall it in memory. The attempt under way is finished;
if it does not end the recipient, a held one stays held, and a withdrawn one leaves then. Before an attempt begins,
delivery can ask `Store.recalled`. After a crash the mark decides.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import asyncio
import functools
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

from postduif.attempt import Kind
from postduif.clock import Clock
from postduif.errors import StoreError
from postduif.queue import columns, rows
from postduif.queue.change import remove_recipients
from postduif.queue.condition import Condition
from postduif.queue.holds import Hold, Holds
from postduif.queue.reader import Reader
from postduif.queue.roster import WITHDRAWN, Roster
from postduif.queue.writer import Writer

CHUNK = 1000
Marked = list[tuple[int, int, Any]]
Removed = list[tuple[int, int]]

_FIND = """
SELECT json_group_array(id) FROM (
    SELECT r.id FROM recipient r JOIN message m ON m.id = r.id >> 24 JOIN scheduled_queue q ON q.id = r.queue
    WHERE r.id > ? AND {where} ORDER BY r.id LIMIT ?)
"""
_OF_IDS = "id IN (SELECT value FROM json_each(?))"
_WITHDRAW = f"""
INSERT INTO journal ({columns.JOURNAL_COLUMNS})
SELECT ?, m.id, r.address, m.sender, m.stream, q.domain, '{Kind.WITHDRAWN.value}', r.attempts, 0, '', ?, '', '', '', '',
       '', m.before_queue, 0.0, 0.0, 0.0, m.size, m.message_id, r.id & 16777215, '', ''
FROM recipient r JOIN message m ON m.id = r.id >> 24 JOIN scheduled_queue q ON q.id = r.queue
WHERE r.id IN (SELECT value FROM json_each(?))
"""


class Orders:
    """See the module. Everything raises StoreError when the disk does."""

    def __init__(self, reader: Reader, writer: Writer, roster: Roster, holds: Holds, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._roster = roster
        self._holds = holds
        self._clock = clock

    async def hold(self, condition: Condition, owner: str, reason: str, until: float | None) -> int:
        """Stop what the condition means; what is held already stays with its owner."""
        _refuse_empty(condition)
        whole = condition.whole_queues
        draft = Hold(
            0,
            "queues" if whole else "recipients",
            condition.stream,
            condition.domain.lower(),
            owner,
            reason,
            self._clock.time(),
            until,
        )
        hold: Hold = await self._writer.call(_place, draft, committed=self._placed)
        if whole:
            return sum(queue.total for queue in self._roster.queues.values() if hold.covers_queue(queue.key))
        count = 0
        async for ids in self._matching(condition):
            count += len(await self._mark(ids, hold.id))
        if not count:
            await self._lift(hold)
        return count

    async def unhold(self, condition: Condition) -> int:
        """Let go what the condition means, and scheduled queues held within it if it names scheduled queues."""
        count = 0
        if condition.whole_queues:
            lifted = self._holds.within(condition.stream, condition.domain.lower())
            for hold in lifted:
                await self._lift(hold)
            queues = self._roster.queues.values()
            count += sum(q.total for q in queues if not q.held_whole and any(h.covers_queue(q.key) for h in lifted))
        async for ids in self._matching(condition):
            count += len(await self._free(ids))
        await self._forget_unused()
        return count

    async def retry(self, condition: Condition) -> int:
        """Make due now what the condition means. What is held stays held and is due when it is let go."""
        count = 0
        async for ids in self._matching(condition):
            now = rows.moment(self._clock.time())
            hastened = functools.partial(self._hastened, now)
            meant, _ = await self._writer.call(_retry, ids, now, committed=hastened)
            count += meant
        return count

    async def delete(self, condition: Condition, reason: str) -> int:
        """Withdraw what the condition means, held or not, with a journal row each."""
        count = 0
        async for ids in self._matching(condition):
            marked = await self._mark(ids, WITHDRAWN)
            count += len(marked)
            await self.withdraw([id_ for id_, _, _ in marked], reason)
        return count

    async def end(self, hold: Hold) -> None:
        """Let go all that is held by it, and forget it."""
        if hold.covers == "recipients":
            while ids := await self._reader.call(_held_by, hold.id):
                await self._free(ids)
        await self._lift(hold)

    async def withdraw(self, ids: Sequence[int], reason: str) -> None:
        """Remove withdrawn recipients that nobody is delivering; the others leave when their lease ends."""
        if idle := [id_ for id_ in ids if id_ not in self._roster.entries]:
            await self.start_withdrawal(idle, reason)

    def start_withdrawal(self, ids: list[int], reason: str) -> asyncio.Future[Any]:
        """Hand the removal of withdrawn recipients to the writer."""
        return self._writer.call(_withdraw, ids, reason, self._clock.time(), committed=self._withdrawn)

    async def tidy(self, now: float) -> None:
        """Lift the holds whose time is over, and end withdrawals that a crash has cut short."""
        for hold in self._holds.lapsed(now):
            await self.end(hold)
        leftover = [id_ for id_ in await self._reader.call(_held_by, WITHDRAWN) if id_ not in self._roster.entries]
        await self.withdraw(leftover, "")

    async def _matching(self, condition: Condition) -> AsyncIterator[list[int]]:
        _refuse_empty(condition)
        after = 0
        while ids := await self._reader.call(find, condition, after, CHUNK):
            yield ids
            after = ids[-1]

    async def _mark(self, ids: list[int], hold: int) -> Marked:
        marked: Marked = await self._writer.call(
            _mark, ids, hold, committed=lambda chosen: self._roster.held(chosen, hold)
        )
        return marked

    async def _free(self, ids: list[int]) -> Marked:
        freed: Marked = await self._writer.call(
            _free, ids, committed=lambda chosen: self._roster.freed(chosen, self._clock.time())
        )
        return freed

    def _hastened(self, now: float, result: tuple[int, Removed]) -> None:
        self._roster.hastened(result[1], now)

    def _withdrawn(self, removed: Removed) -> None:
        for _, row in removed:
            self._roster.removed(self._roster.rows[row], held=True)

    def _placed(self, hold: Hold) -> None:
        self._holds.add(hold)
        if hold.covers == "queues":
            self._roster.hold_whole()

    async def _lift(self, hold: Hold) -> None:
        def lifted(_: object) -> None:
            self._holds.remove(hold.id)
            if hold.covers == "queues":
                self._roster.hold_whole()

        await self._writer.call(_lift, hold.id, committed=lifted)

    async def _forget_unused(self) -> None:
        for hold in self._holds:
            if hold.covers == "recipients" and not await self._reader.call(_held_by, hold.id, 1):
                await self._lift(hold)


def _refuse_empty(condition: Condition) -> None:
    if condition.empty:
        raise StoreError("no condition is given; to mean everything, say all")


def find(connection: sqlite3.Connection, condition: Condition, after: int, limit: int) -> list[int]:
    """The ids above `after` of the recipients that are meant, in order."""
    where, values = condition.where()
    (text,) = connection.execute(_FIND.format(where=where), (after, *values, limit)).fetchone()
    ids: list[int] = json.loads(text)
    return ids


def _held_by(connection: sqlite3.Connection, hold: int, limit: int = CHUNK) -> list[int]:
    query = "SELECT json_group_array(id) FROM (SELECT id FROM recipient WHERE hold = ? AND hold <> 0 LIMIT ?)"
    ids: list[int] = json.loads(connection.execute(query, (hold, limit)).fetchone()[0])
    return ids


def _place(connection: sqlite3.Connection, draft: Hold) -> Hold:
    values = (draft.covers, draft.stream, draft.domain, draft.owner, draft.reason, draft.placed_at, draft.until)
    cursor = connection.execute(
        "INSERT INTO hold (covers, stream, domain, owner, reason, placed_at, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return Hold(cursor.lastrowid or 0, *values)


def _lift(connection: sqlite3.Connection, hold: int) -> None:
    connection.execute("DELETE FROM hold WHERE id = ?", (hold,))


def _mark(connection: sqlite3.Connection, ids: list[int], hold: int) -> Marked:
    where = f"{f'hold <> {WITHDRAWN}' if hold == WITHDRAWN else 'hold = 0'} AND {_OF_IDS}"
    query = f"SELECT json_group_array(json_array(id, queue, hold = 0)) FROM recipient WHERE {where}"
    chosen: Marked = json.loads(connection.execute(query, (json.dumps(ids),)).fetchone()[0])
    connection.execute(f"UPDATE recipient SET hold = ? WHERE {where}", (hold, json.dumps(ids)))
    return chosen


def _free(connection: sqlite3.Connection, ids: list[int]) -> Marked:
    where = f"hold > 0 AND {_OF_IDS}"
    query = f"SELECT json_group_array(json_array(id, queue, due)) FROM recipient WHERE {where}"
    chosen: Marked = json.loads(connection.execute(query, (json.dumps(ids),)).fetchone()[0])
    connection.execute(f"UPDATE recipient SET hold = 0 WHERE {where}", (json.dumps(ids),))
    return chosen


def _withdraw(connection: sqlite3.Connection, ids: list[int], reason: str, now: float) -> Removed:
    query = f"SELECT json_group_array(json_array(id, queue)) FROM recipient WHERE hold = -1 AND {_OF_IDS}"
    chosen: Removed = json.loads(connection.execute(query, (json.dumps(ids),)).fetchone()[0])
    still = [id_ for id_, _ in chosen]
    connection.execute(_WITHDRAW, (now, reason or "withdrawn", json.dumps(still)))
    remove_recipients(connection, still)
    return chosen


def _retry(connection: sqlite3.Connection, ids: list[int], now: float) -> tuple[int, Removed]:
    where = f"hold <> -1 AND {_OF_IDS}"
    query = f"SELECT json_group_array(json_array(id, queue, hold)) FROM recipient WHERE {where}"
    chosen: Marked = json.loads(connection.execute(query, (json.dumps(ids),)).fetchone()[0])
    connection.execute(f"UPDATE recipient SET due = ? WHERE due > ? AND {where}", (now, now, json.dumps(ids)))
    return len(chosen), [(id_, queue) for id_, queue, hold in chosen if hold == 0]
