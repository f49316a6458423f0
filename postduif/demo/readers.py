"""Plays the readers of a demonstration: what arrives at the test MX is opened, clicked and complained of.

A thread of its own, fed by the sink. It promises that nobody does anything twice, and keeps count of what was answered
as it must be, for who judges.
"""

from __future__ import annotations

import email
import email.policy
import heapq
import http.client
import itertools
import queue
import re
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from postduif.demo.habits import Act, Deed, Habit, deeds, habit_of
from postduif.demo.returning import send_back
from postduif.demo.workshop import Workshop
from postduif.sink import Received

_LOOK = 0.1  # seconds between two looks for new mail
_PATIENCE = 30.0  # seconds for one answer
_UNSUBSCRIBE = re.compile(r"<(https?://[^>]+/u/[^>]+)>")
_HREF = re.compile(r'href="([^"]+)"')
_PIXEL = re.compile(r'src="([^"]+/o/[^"]+)"')


class Mail(NamedTuple):
    """What a reader finds in a tracked mail. Addresses are paths on `web.public_url`."""

    recipient: str
    return_path: str
    leave: str
    pixel: str
    links: tuple[str, ...]
    pages: tuple[str, ...]
    """Those that the reader's own pages are behind: web version, preferences."""


class Readers:
    """Everybody. A keeper of the sink; as a context, they read as long as it is entered."""

    def __init__(self) -> None:
        """Nobody reads yet."""
        self.played: Counter[Habit] = Counter()
        """Prompt readers who did all they meant to."""
        self.troubles: list[str] = []
        """What was not answered as it must be."""
        self._prompt: Mapping[str, Habit] = {}
        self._came: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._later: list[Received] = []
        self._due: list[tuple[float, int, Mail, Deed, Habit | None]] = []
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._slow = threading.Event()
        self._thread = threading.Thread(target=self._read, name="readers", daemon=True)

    def start(self, workshop: Workshop) -> None:
        """Read, at the addresses of this daemon."""
        self._workshop = workshop
        self._public = http.client.HTTPConnection("127.0.0.1", workshop.public, timeout=_PATIENCE)
        self._thread.start()

    def prompt(self, habits: Mapping[str, Habit]) -> None:
        """These, by address, read within seconds; all others wait until `all_read`."""
        self._prompt = dict(habits)

    def all_read(self) -> None:
        """From now on everybody reads what comes, and what came, in their own time."""
        self._prompt = {}
        self._slow.set()

    def keep(self, message: Received) -> None:
        """One more has come (the sink calls this)."""
        self._came.put(message)

    def flush(self) -> None:
        """Nothing is written down."""

    def close(self) -> None:
        """The sink has ended."""

    def __enter__(self) -> Self:
        """Not begun yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody reads any more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _read(self) -> None:
        while not self._stopped.wait(self._pause()):
            while not self._came.empty():
                self._take(self._came.get())
            if self._slow.is_set():
                waited, self._later = self._later, []
                for message in waited:
                    self._plan(message, Random(message.sender), None)  # noqa: S311  variety, not secrecy
            while self._due and self._due[0][0] <= time.monotonic() and not self._stopped.is_set():
                _, _, mail, deed, last_of = heapq.heappop(self._due)
                self._do(mail, deed, last_of)

    def _pause(self) -> float:
        return max(0.0, min(_LOOK, self._due[0][0] - time.monotonic())) if self._due else _LOOK

    def _take(self, message: Received) -> None:
        if len(message.recipients) == 1 and b"\nList-Unsubscribe:" in message.content:
            habit = self._prompt.get(message.recipients[0])
            if habit is not None:
                self._plan(message, Random(message.recipients[0]), habit)  # noqa: S311
            else:
                self._later.append(message)

    def _plan(self, message: Received, random: Random, habit: Habit | None) -> None:
        planned = deeds(habit or habit_of(random), random, prompt=habit is not None)
        mail = read(message) if planned or habit else None
        if mail is None:
            return
        now = time.monotonic()
        for deed in planned:
            last_of = habit if deed is planned[-1] else None
            heapq.heappush(self._due, (now + deed.after, next(self._numbers), mail, deed, last_of))
        if not planned and habit:
            self.played[habit] += 1

    def _do(self, mail: Mail, deed: Deed, last_of: Habit | None) -> None:
        try:
            for method, path, wanted in _asked(mail, deed.act):
                self._public.request(method, path, _form(method), _headers(method, deed.agent))
                answer = self._public.getresponse()
                answer.read()
                if answer.status != wanted:
                    raise http.client.HTTPException(f"{answer.status} in the place of {wanted}")
            if deed.act in (Act.BOUNCE, Act.COMPLAIN, Act.ANSWER):
                send_back(self._workshop.inbound, deed.act, mail.return_path, mail.recipient)
        except (OSError, http.client.HTTPException, smtplib.SMTPException) as error:
            self._public.close()
            self.troubles.append(f"{mail.recipient}, {deed.act.value}: {error}")
            return
        if last_of:
            self.played[last_of] += 1


def read(message: Received) -> Mail | None:
    """None: it is nothing that is tracked."""
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    leave = _UNSUBSCRIBE.search(str(parsed["List-Unsubscribe"] or ""))
    html = parsed.get_body(("html",))
    if leave is None or html is None:
        return None
    text = html.get_content()
    paths = [_path(one) for one in _HREF.findall(text)]
    pixel = _PIXEL.search(text)
    return Mail(
        message.recipients[0],
        message.sender,
        _path(leave[1]),
        _path(pixel[1]) if pixel else "",
        tuple(one for one in paths if one.startswith("/c/")),
        tuple(one for one in paths if one.startswith(("/w/", "/p/"))),
    )


def _path(address: str) -> str:
    parts = urlsplit(address.replace("&amp;", "&"))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _asked(mail: Mail, act: Act) -> list[tuple[str, str, int]]:
    """Requests of one act, each with the status that it must have."""
    links = [("GET", link, 302) for link in mail.links]
    return {
        Act.OPEN: [("GET", mail.pixel, 200)],
        Act.CLICK: links[len(mail.recipient) % len(links) :][:1] if links else [],
        Act.ALL_LINKS: [*links, *(("GET", page, 200) for page in mail.pages), ("GET", mail.leave, 200)],
        Act.WEB: [("GET", page, 200) for page in mail.pages if page.startswith("/w/")],
        Act.LEAVE: [("POST", mail.leave, 200)],
    }.get(act, [])


def _form(method: str) -> bytes | None:
    return b"List-Unsubscribe=One-Click" if method == "POST" else None


def _headers(method: str, agent: str) -> dict[str, str]:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    return {"User-Agent": agent, **form}
