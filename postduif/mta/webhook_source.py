"""Where the events come from that a webhook is told, and where its place among them is kept: the journal, or others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from postduif.mta import webhook_cursor
from postduif.mta.webhook_events import body_of
from postduif.queue.following import Page, follow
from postduif.queue.journal import Line
from postduif.queue.store import Store


class Happening(Protocol):
    """One event."""

    @property
    def at(self) -> float:
        """Seconds since the epoch."""
        ...


One = TypeVar("One", bound=Happening)
Of = TypeVar("Of", bound=Happening, covariant=True)


class Found(Protocol[Of]):
    """What came after an event, as `queue.following.Page` has it."""

    @property
    def lines(self) -> Sequence[Of]:
        """Of the kinds that were asked for, in order."""
        ...

    @property
    def seen(self) -> int:
        """Everything up to this number has been looked at."""
        ...

    @property
    def lost(self) -> int:
        """So many that are not there any more."""
        ...

    @property
    def more(self) -> bool:
        """It was not all that there is."""
        ...


class Source(Protocol[One]):
    """Events by numbers that rise, and the places of webhooks among them. Raises StoreError."""

    @property
    def commits(self) -> int:
        """Another one when there may be news."""
        ...

    async def follow(self, after: int, kinds: Sequence[str], limit: int) -> Found[One]:
        """At most `limit` events of these kinds behind that one."""
        ...

    async def taken(self, name: str, last: int) -> None:
        """The receiver has taken everything up to that one."""
        ...

    async def passed(self, name: str, last: int) -> None:
        """What is left up to that one is no news for the receiver."""
        ...

    async def failing(self, name: str, since: float) -> None:
        """Nothing has been taken since then (seconds since the epoch)."""
        ...

    def body(self, lines: Sequence[One], host: str) -> bytes:
        """What is told; the same for the same events."""
        ...


class Journal:
    """The journal of a queue file, as a source."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def commits(self) -> int:
        """Of the queue's writer."""
        return self._store.stats.commits

    async def follow(self, after: int, kinds: Sequence[str], limit: int) -> Page:
        """Rows of it."""
        return await self._store.questions.ask(follow, after, kinds, limit)

    async def taken(self, name: str, last: int) -> None:
        """In the same file."""
        await self._store.do(webhook_cursor.taken, name, last)

    async def passed(self, name: str, last: int) -> None:
        """In the same file."""
        await self._store.do(webhook_cursor.passed, name, last)

    async def failing(self, name: str, since: float) -> None:
        """In the same file."""
        await self._store.do(webhook_cursor.failing, name, since)

    def body(self, lines: Sequence[Line], host: str) -> bytes:
        """As docs/webhooks.md has it."""
        return body_of(lines, host)
