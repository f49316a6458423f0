"""What the pages know of mailings: the links, the type of mail, whose mail it is. Remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.results.opening import opened
from postduif.campaign.tracking.links import TrackedLink, links_of
from postduif.clock import Clock
from postduif.errors import PostduifError
from postduif.mta.merge.stored import load
from postduif.queue.mailing import read_terms, template_of

MOST = 300
"""Mailings in memory."""
FRESH = 300.0  # seconds until one is looked at again
ABSENT = 5.0  # the same of one whose file was not there


class Known(NamedTuple):
    """Of one mailing."""

    links: Mapping[int, TrackedLink]
    mail_type: str
    """"" for none, or nobody knows."""
    title: str
    """Of that type, as people read it; "" for none."""
    sender: str
    """The name that the mail came from; "" when each reader has another."""


NOTHING = Known({}, "", "", "")


class Mailings:
    """Methods are called on the event loop's thread."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._known: OrderedDict[int, tuple[Known, float]] = OrderedDict()
        self._asked: dict[int, asyncio.Task[Known]] = {}

    def remembered(self, mailing: int) -> Known | None:
        """At once, if it is in memory."""
        found = self._known.get(mailing)
        if found is None or found[1] <= self._clock.monotonic():
            return None
        return found[0]

    async def known(self, mailing: int) -> Known:
        """From memory or from disk; NOTHING when its file is not there or not readable."""
        if (found := self.remembered(mailing)) is not None:
            return found
        if (task := self._asked.get(mailing)) is None:
            task = self._asked[mailing] = asyncio.create_task(self._read(mailing))
        return await asyncio.shield(task)

    async def _read(self, mailing: int) -> Known:
        try:
            found = await asyncio.to_thread(_look, self._data_dir, mailing)
            self._known[mailing] = found, self._clock.monotonic() + (ABSENT if found is NOTHING else FRESH)
            self._known.move_to_end(mailing)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
            return found
        finally:
            del self._asked[mailing]


def _look(data_dir: Path, mailing: int) -> Known:
    try:
        with opened(data_dir, mailing) as connection:
            terms = read_terms(connection)
        links = {one.number: one for one in links_of(data_dir, mailing)}
    except PostduifError:
        return NOTHING
    mail_type = terms.mail_type if terms else ""
    return Known(links, mail_type, _title(data_dir, mail_type), _sender(template_of(data_dir, mailing)))


def _title(data_dir: Path, mail_type: str) -> str:
    if not mail_type:
        return ""
    try:
        with audience(data_dir) as connection:
            return subscriptions.type_named(connection, mail_type).title or mail_type
    except PostduifError:
        return mail_type


def _sender(template: bytes) -> str:
    try:
        name = load(template)[0].sender.name if template else ""
    except PostduifError:
        return ""
    return "" if "{" in name or "[[" in name else name
