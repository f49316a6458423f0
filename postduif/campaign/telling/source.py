"""All that one webhook is told by the campaign's process, as its follower asks for it: one request at a time in all.

Its streams come in turn, a page of each, so a mailing of a million holds up nothing else, and within a stream the order
is kept. The follower knows one number, of pages; the places in the streams are kept here, on disk once they were taken.
A stream that cannot be read holds up nothing else either.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from postduif import log
from postduif.campaign.database import transaction
from postduif.campaign.telling import places
from postduif.campaign.telling.deliveries import KINDS, Mark, journals, mark
from postduif.campaign.telling.places import Places
from postduif.campaign.telling.stream import Event, Part, Stream
from postduif.campaign.telling.streams import STREAMS
from postduif.clock import Clock
from postduif.config.schema import Webhook
from postduif.errors import StoreError
from postduif.mta.webhook_events import TYPE, moment

DELIVERIES = "deliveries"
"""The place that says that a webhook has begun with mailings: one that is handed over later is told whole."""
LATER = -1
"""The place in a stream that could not be read when the webhook began with it: its end, once it can be."""
QUIET = 0.9
"""Seconds for which one that had nothing to tell is left alone."""
_NOTHING = Part((), 0, more=False)


def wanted(webhook: Webhook) -> bool:
    """Something of what it wants is told from here."""
    asked = set(webhook.events)
    return not asked.isdisjoint(KINDS) or any(not asked.isdisjoint(stream.kinds) for stream in STREAMS)


class Source:
    """Of one webhook. Files are read and written in threads."""

    def __init__(self, data_dir: Path, webhook: Webhook, clock: Clock) -> None:
        self._data_dir = data_dir
        self._name = webhook.name
        self._clock = clock
        self._streams = [one for one in STREAMS if not set(one.kinds).isdisjoint(webhook.events)]
        self._mailings = not KINDS.isdisjoint(webhook.events)
        self._at: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._still: dict[str, Mark] = {}
        """Of journals that had nothing to tell, when they were looked at last."""
        self._rest: dict[str, Mark] = {}
        """The same, when it was so the time before, too: nothing was missed then, however coarse the times of files."""
        self._failed: set[str] = set()
        self._quiet: dict[str, float] = {}
        """When there was nothing to tell, monotonic seconds."""
        self._round: deque[Stream] = deque()
        self._again = False
        self._page = 0
        self._ahead = ("", 0)
        """Where the page that was given ends; it counts once the follower asks for the next one."""
        self._told = ""
        self._looks = 0
        self._writing = threading.Lock()
        self._over = False

    def begin(self) -> float:
        """Find its places. Returns since when it fails; 0: it does not. Raises StoreError."""
        ends = {one.name: self._end(one) for one in self._streams}
        with places.telling(self._data_dir) as connection:
            begin = dict(ends)
            if self._mailings:
                known = places.knows(connection, self._name, DELIVERIES)
                begin |= {one.name: 0 if known else self._end(one) for one in journals(self._data_dir)}
                begin[DELIVERIES] = 0
            found: Places = places.take(connection, self._name, begin)
        # a place beyond the end was of a file that was replaced
        self._noted = {name: 0 if last > ends.get(name, LATER) > LATER else last for name, last in found.last.items()}
        self._at = dict(self._noted)
        return found.failing_since

    def go_back(self, since: float) -> None:
        """Tell again what happened from then on (seconds since the epoch). Raises StoreError.

        Nothing is left out, but what cannot be read just now: that goes on where it is, and the log says so.
        """
        for one in self._known():
            at = self._at.get(one.name, 0)
            try:
                behind = one.behind(self._data_dir, since)
            except StoreError as error:
                log.warning("webhook_waits", webhook=self._name, stream=one.name, error=error)
                continue
            self._at[one.name] = behind if at == LATER else min(at, behind)
        self._write(None)

    def end(self) -> None:
        """Another takes its place: nothing is written by this one any more, whatever thread of it still runs."""
        with self._writing:
            self._over = True

    @property
    def commits(self) -> int:
        """Always another one: it is cheap to look once a second."""
        self._looks += 1
        return self._looks

    async def follow(self, after: int, kinds: Sequence[str], limit: int) -> Part:
        """The next page of the next stream that has one."""
        return await asyncio.to_thread(self._next, after, kinds, limit)

    async def taken(self, name: str, last: int) -> None:
        """On disk when it returns."""
        self._accept(last)
        await asyncio.to_thread(self._write, 0.0)

    async def passed(self, name: str, last: int) -> None:
        """On disk when it returns."""
        self._accept(last)
        await asyncio.to_thread(self._write, None)

    async def failing(self, name: str, since: float) -> None:
        """On disk when it returns."""
        await asyncio.to_thread(self._write, since)

    def body(self, lines: Sequence[Event], host: str) -> bytes:
        """As docs/webhooks.md has it."""
        told = [
            {"id": f"{self._told}-{one.number}", "type": one.kind, "timestamp": moment(one.at), **one.more}
            for one in lines
        ]
        whole = {"type": TYPE, "timestamp": moment(lines[-1].at), "host": host, "data": told}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def _next(self, after: int, kinds: Sequence[str], limit: int) -> Part:
        self._accept(after)
        if not self._round:
            self._again = False
            self._round.extend(self._to_look_at())
        moved = False
        while self._round:
            stream = self._round.popleft()
            part = self._read(stream, kinds, limit)
            self._again |= part.more
            if part.lines:
                self._told, self._page, self._ahead = stream.name, after + 1, (stream.name, part.seen)
                return Part(part.lines, self._page, bool(self._round) or self._again)
            moved |= self._at.get(stream.name, 0) != part.seen
            self._at[stream.name] = part.seen
        return Part((), after + moved, self._again)

    def _known(self) -> list[Stream]:
        return [*self._streams, *(journals(self._data_dir) if self._mailings else ())]

    def _to_look_at(self) -> list[Stream]:
        """While one has much to tell, those that had nothing are looked at once a second all the same."""
        looked = self._clock.monotonic() - QUIET
        return [one for one in self._known() if self._quiet.get(one.name, looked) <= looked and not self._rests(one)]

    def _rests(self, stream: Stream) -> bool:
        """A journal where nothing can have been written since there was nothing."""
        rest = self._rest.get(stream.name)
        return rest is not None and (rest.ended or rest == mark(self._data_dir, stream))

    def _read(self, stream: Stream, kinds: Sequence[str], limit: int) -> Part:
        at = self._at.get(stream.name, 0)
        before = None if stream in self._streams else mark(self._data_dir, stream)
        try:
            if at == LATER:
                part = Part((), stream.behind(self._data_dir, None), more=True)
            else:
                part = stream.read(self._data_dir, at, kinds, limit, self._clock.time())
        except StoreError as error:
            if stream.name not in self._failed:
                self._failed.add(stream.name)
                log.warning("webhook_waits", webhook=self._name, stream=stream.name, error=error)
            self._quiet[stream.name] = self._clock.monotonic()
            return _NOTHING._replace(seen=at)
        self._failed.discard(stream.name)
        if not part.lines and not part.more:
            self._quiet[stream.name] = self._clock.monotonic()
            if before is not None:
                if before.ended or before == self._still.get(stream.name):
                    self._rest[stream.name] = before
                self._still[stream.name] = before
        return part

    def _end(self, stream: Stream) -> int:
        try:
            return stream.behind(self._data_dir, None)
        except StoreError:  # said when it is read
            return LATER

    def _accept(self, page: int) -> None:
        """The follower is done with everything up to that page."""
        name, seen = self._ahead
        if name and page == self._page:
            self._at[name] = seen
        self._ahead = ("", 0)

    def _write(self, since: float | None) -> None:
        with self._writing:
            if self._over:
                return
            moved = {name: last for name, last in self._at.items() if self._noted.get(name) != last}
            with places.telling(self._data_dir) as connection, transaction(connection):
                places.move(connection, self._name, moved)
                if since is not None:
                    places.failing(connection, self._name, since)
            self._noted |= moved
