"""Live figures: a page holds a connection open, and gets a part of itself anew whenever that part changed.

    <div hx-ext="sse" sse-connect="/mailings/7/live" sse-swap="message">...the part as it is now...</div>

A stream ends by itself after LIFE, and the browser comes back; who is signed out meanwhile hears no more. How many
there are at once is bounded; a page that gets none shows what was true when it was loaded.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable

from anyio import to_thread
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from postduif.campaign.accounts import sessions
from postduif.campaign.web.page import part
from postduif.campaign.web.visitor import Visitor
from postduif.errors import PostduifError

LIFE = 120.0  # seconds
BEAT = 15.0  # seconds without a change after which a comment says that the connection lives
AGAIN = 1000  # milliseconds that the browser waits before it comes back
MAX_OF_ONE = 8
"""Streams of one person."""
MAX_AT_ALL = 200


class _Places:
    """How many streams everybody has."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, name: str) -> bool:
        with self._lock:
            free = self._of[name] < MAX_OF_ONE and self._of.total() < MAX_AT_ALL
            if free:
                self._of[name] += 1
            return free

    def give_back(self, name: str) -> None:
        with self._lock:
            self._of[name] -= 1
            self._of += Counter()  # who has none is forgotten


_PLACES = _Places()


def stream(who: Visitor, look: Callable[[], str], every: float = 1.0) -> Response:
    """Call `look` (in a thread) each `every` seconds, and send what it returns when that differs from before.

    `look` returns HTML, of `page.part`. What it raises of ours is shown in its place. 503 when there are too many.
    """
    if not _PLACES.take(who.name):
        return PlainTextResponse("Too many live pages are open.\n", 503)
    return _Live(who, _events(who, look, every))


class _Live(StreamingResponse):
    """Gives the place back at its end, also when the browser went away before the first event was made."""

    def __init__(self, who: Visitor, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._name = who.name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            _PLACES.give_back(self._name)


async def _events(who: Visitor, look: Callable[[], str], every: float) -> AsyncIterator[str]:
    clock, closing = who.desk.clock, who.desk.closing
    end = clock.monotonic() + LIFE
    before, beat = "", clock.monotonic()
    yield f"retry: {AGAIN}\n\n"
    while not closing.is_set() and clock.monotonic() < end:
        text = await to_thread.run_sync(_shown, who, look)
        if text is None:
            return
        if text != before:
            yield _event(text)
            before, beat = text, clock.monotonic()
        elif clock.monotonic() - beat >= BEAT:
            yield ": still here\n\n"
            beat = clock.monotonic()
        await clock.sleep(every)


def _shown(who: Visitor, look: Callable[[], str]) -> str | None:
    """None: the session has ended."""
    try:
        with who.desk.accounts() as connection:
            if not sessions.lasts(connection, who.session.hashed):
                return None
        return look()
    except PostduifError as error:
        return part("parts/notice.html", tone="error", text=str(error))


def _event(text: str) -> str:
    lines = "\n".join(f"data: {line}" for line in text.splitlines())
    return f"{lines}\n\n"
