"""What operators ask of the queue while mail goes on: see `survey`, `activity` and `journal`. All raise StoreError."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from postduif.clock import Clock
from postduif.queue import survey
from postduif.queue.activity import Activity, Load, activity, loads
from postduif.queue.condition import Condition
from postduif.queue.journal import Line, Question, lines
from postduif.queue.reader import Reader
from postduif.queue.roster import Roster
from postduif.queue.scheduled import QueueKey

T = TypeVar("T")


class Questions:
    """Called through `Store.questions`."""

    def __init__(self, reader: Reader, roster: Roster, clock: Clock) -> None:
        self._reader = reader
        self._roster = roster
        self._clock = clock

    async def summary(self, domain: str = "") -> list[survey.QueueFigures]:
        """The scheduled queues, the longest first; those with `domain` in the name of theirs."""
        leased = {queue.row: queue.leased for queue in self._roster.queues.values() if queue.leased}
        return await self._reader.call(survey.summary, self._clock.time(), leased, domain)

    async def sums(self) -> survey.Sums:
        """All of them, added up."""
        return await self._reader.call(survey.sums, self._clock.time())

    async def activity(self, since: float, limit: int) -> tuple[list[Activity], dict[QueueKey, Load]]:
        """Attempts that ended then or later, counted; the load of their scheduled queues and of the `limit` longest."""
        found = await self._reader.call(activity, since)
        return found, loads(self._roster.queues, {QueueKey(one.stream, one.domain) for one in found}, limit)

    async def listing(self, condition: Condition, limit: int, after: int = 0) -> list[survey.Waiting]:
        """Recipients in the queue, the oldest first, from behind the place `after`."""
        return await self._reader.call(survey.listing, condition, limit, after)

    async def count(self, condition: Condition) -> int:
        """How many recipients `listing` would have without a limit."""
        return await self._reader.call(survey.count, condition)

    def leased(self, messages: Iterable[int]) -> set[tuple[int, str]]:
        """Message and address of those recipients of these messages that are leased now."""
        asked = set(messages)
        lent = self._roster.lent()
        return {(one.envelope.id, str(one.recipient.address)) for one in lent if one.envelope.id in asked}

    async def show(self, message_id: int) -> survey.Shown | None:
        """One message with all its recipients in the queue; None when it has none (any more)."""
        return await self._reader.call(survey.show, message_id)

    async def journal(self, question: Question, limit: int) -> list[Line]:
        """Attempts, the latest first."""
        return await self._reader.call(lines, question, limit)

    async def ask(self, query: Callable[..., T], *arguments: Any) -> T:
        """What others keep in the file (see `Extension`): `query(connection, *arguments)`."""
        return await self._reader.call(query, *arguments)
