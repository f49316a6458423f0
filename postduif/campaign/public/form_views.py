"""Counts who sees forms: in memory for a moment, since a page that is looked at must not wait for the disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from postduif import log
from postduif.campaign.forms.store import Stored
from postduif.campaign.public.request import Request
from postduif.campaign.public.threads import Threads
from postduif.campaign.tracking.machines import seen
from postduif.campaign.tracking.visit import Visited
from postduif.errors import PostduifError

NOTED = 2.0
"""Seconds until views are on disk; those of the last ones are lost when the process is killed."""

Views = Mapping[tuple[str, int], int]
"""How many of each form and version."""


class FormViews:
    """Methods are called on the event loop's thread; `flush` when there is none any more."""

    def __init__(self, write: Callable[[Views], None], run: Threads) -> None:
        """`write` puts them on disk, in a thread. It raises PostduifError."""
        self._write = write
        self._run = run.run
        self._seen: Counter[tuple[str, int]] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def note(self, request: Request, stored: Stored) -> None:
        """One more, unless it is a machine that asks, or for HEAD."""
        if seen(Visited.WEB, request.method, request.headers).machine:
            return
        if not self._seen:
            asyncio.get_running_loop().call_later(NOTED, self._write_soon)
        self._seen[stored.form.name, stored.version] += 1

    def flush(self) -> None:
        """Put on disk what is in memory."""
        self._put(self._taken())

    def _taken(self) -> Counter[tuple[str, int]]:
        """What is in memory, which nobody adds to any more."""
        views, self._seen = self._seen, Counter()
        return views

    def _put(self, views: Counter[tuple[str, int]]) -> None:
        try:
            if views:
                self._write(views)
        except PostduifError as error:
            log.warning("form_views_lost", views=views.total(), error=error)

    def _write_soon(self) -> None:
        self._writing = asyncio.create_task(self._flushed())

    async def _flushed(self) -> None:
        views = self._taken()
        try:
            await self._run(self._put, views)
        except PostduifError:  # too many pages are being read
            self._seen += views
            asyncio.get_running_loop().call_later(NOTED, self._write_soon)
