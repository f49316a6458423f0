"""Puts visits and wishes on file, in a thread of its own: what gathers while one commit reaches the disk is the next.

A wish is answered when it is on disk, and its commit waits for nothing. Visits wait a moment for each other; beyond
MAX_WAITING in memory they are counted as lost, and nothing else happens: the reader gets his page. Who does not want to
be seen is left out before anything is written.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

from postduif import log
from postduif.campaign.database import transaction
from postduif.campaign.tracking import whose
from postduif.campaign.tracking.connection import tracking
from postduif.campaign.tracking.visit import Visit, Wanted, Wish
from postduif.clock import Clock
from postduif.errors import PostduifError, StoreError

MAX_WAITING = 20_000
"""Visits in memory: ten seconds of a heavy day, some 5 MB."""
MAX_WISHES = 1_000
"""Wishes in memory; one more is refused, so that whoever asks asks again."""
TOGETHER = 5_000  # rows of a commit
PATIENCE = 0.2  # seconds that visits wait for others
TELL_EVERY = 10.0  # seconds between notes of how many waited
_VISIT = "INSERT INTO visit (at, mailing, number, kind, link, agent, machine) VALUES (?, ?, ?, ?, ?, ?, ?)"
_WISH = "INSERT INTO wish (at, mailing, number, kind, type, how, wording, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SAME = """
SELECT 1 FROM wish WHERE mailing = ? AND number = ? AND kind = ? AND type = ? AND done_at IS NULL
AND id = (SELECT max(id) FROM wish WHERE mailing = ?1 AND number = ?2)
"""
_WAITS = "SELECT 1 FROM wish WHERE mailing = ? AND number = ? AND kind = ? AND done_at IS NULL"
_UNSEEN = "INSERT OR IGNORE INTO unseen (contact, mailing, number) VALUES (?, ?, ?)"
_SEEN = "DELETE FROM unseen WHERE contact = ? AND mailing = ? AND number = ?"
_LOST = "INSERT INTO lost (hour, count) VALUES (?, ?) ON CONFLICT (hour) DO UPDATE SET count = count + excluded.count"
_Reader = tuple[int, int, int]


class Recorder:
    """One per process. `note` and `ask` may be called from any thread."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        """Begins to work. Raises StoreError when the file cannot be used."""
        self.lost = 0
        """Visits that were not kept, since the start."""
        self._data_dir = data_dir
        self._clock = clock
        self._visits: deque[Visit] = deque()
        self._wishes: deque[tuple[Wish, Future[None]]] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        self._lost_on_file = 0
        self._most_waiting = 0
        self._told = float("-inf")
        self._ready: Future[None] = Future()
        self._unseen: set[_Reader] = set()
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()
        self._ready.result()

    @property
    def waiting(self) -> int:
        """Visits in memory."""
        return len(self._visits)

    def note(self, visit: Visit) -> None:
        """Keep a visit, if there is room. Returns at once."""
        if len(self._visits) >= MAX_WAITING:
            self.lost += 1
            return
        self._visits.append(visit)
        if not self._wake.is_set():
            self._wake.set()

    def ask(self, wish: Wish) -> Future[None]:
        """Keep a wish; the future is done when it is on disk, or has a StoreError."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # who goes away meanwhile has asked all the same
        if self._closing or len(self._wishes) >= MAX_WISHES:
            future.set_exception(StoreError("there is no room for it now"))
            return future
        self._wishes.append((wish, future))
        self._hurry.set()
        self._wake.set()
        return future

    def close(self) -> None:
        """Write what is there, and end."""
        self._closing = True
        self._hurry.set()
        self._wake.set()
        self._thread.join()

    # --- in the thread

    def _work(self) -> None:
        try:
            with tracking(self._data_dir) as connection:
                self._unseen = set(connection.execute("SELECT contact, mailing, number FROM unseen"))
                self._ready.set_result(None)
                self._write_all(connection)
        except PostduifError as error:
            if not self._ready.done():
                self._ready.set_exception(error)

    def _write_all(self, connection: sqlite3.Connection) -> None:
        while True:
            self._wake.wait()
            self._hurry.wait(PATIENCE)
            self._wake.clear()  # before anything is taken: what comes now sets them again
            self._hurry.clear()
            while self._visits or self._wishes:
                self._write(connection)
            if self._closing:
                return

    def _write(self, connection: sqlite3.Connection) -> None:
        """One commit."""
        self._most_waiting = max(self._most_waiting, len(self._visits))
        wishes = [self._wishes.popleft() for _ in range(min(TOGETHER, len(self._wishes)))]
        visits = [self._visits.popleft() for _ in range(min(TOGETHER, len(self._visits)))]
        try:
            with transaction(connection):
                for wish, _ in wishes:
                    self._take(connection, wish)
                connection.executemany(_VISIT, self._welcome(visits))
                if (lost := self.lost) > self._lost_on_file:
                    connection.execute(_LOST, (int(self._clock.time() // 3600), lost - self._lost_on_file))
                self._tell(connection)
            self._lost_on_file = lost
        except (sqlite3.Error, StoreError) as error:
            self._failed(connection, wishes, visits, error)
        else:
            for _, future in wishes:
                future.set_result(None)

    def _tell(self, connection: sqlite3.Connection) -> None:
        """Inside the transaction."""
        if self._clock.monotonic() >= self._told + TELL_EVERY:
            connection.execute("UPDATE memory SET at = ?, waiting = ?", (self._clock.time(), self._most_waiting))
            self._told, self._most_waiting = self._clock.monotonic(), 0

    def _failed(
        self,
        connection: sqlite3.Connection,
        wishes: Iterable[tuple[Wish, Future[None]]],
        visits: list[Visit],
        error: Exception,
    ) -> None:
        log.error("tracking_not_written", error=error, remedy="who asked for something is told to ask again")
        self.lost += len(visits)
        for _, future in wishes:
            future.set_exception(StoreError(str(error)))
        with contextlib.suppress(sqlite3.Error):
            self._unseen = set(connection.execute("SELECT contact, mailing, number FROM unseen"))

    def _take(self, connection: sqlite3.Connection, wish: Wish) -> None:
        """Inside the transaction. The same once more, before it was carried out, is one wish."""
        if wish.kind in (Wanted.EXPORT, Wanted.ERASE):  # a person sees to these, whatever was asked in between
            there = connection.execute(_WAITS, (wish.mailing, wish.number, wish.kind)).fetchone()
        else:
            there = connection.execute(_SAME, (wish.mailing, wish.number, wish.kind, wish.type)).fetchone()
        if there:
            return
        connection.execute(_WISH, wish)
        if wish.kind == Wanted.NO_TRACKING:
            reader = self._reader(wish.mailing, wish.number)
            connection.execute(_UNSEEN, reader)
            self._unseen.add(reader)
        elif wish.kind == Wanted.TRACKING:
            reader = self._reader(wish.mailing, wish.number)
            connection.execute(_SEEN, reader)
            self._unseen.discard(reader)

    def _reader(self, mailing: int, number: int) -> _Reader:
        with contextlib.suppress(StoreError):
            if contact := whose.contacts(self._data_dir, mailing, [number]).get(number, 0):
                return contact, 0, 0
        return 0, mailing, number

    def _welcome(self, visits: list[Visit]) -> list[Visit]:
        """Those of people who may be seen. Whose file cannot be read may not."""
        if not self._unseen:
            return visits
        numbers: dict[int, set[int]] = {}
        for one in visits:
            numbers.setdefault(one.mailing, set()).add(one.number)
        welcome: set[tuple[int, int]] = set()
        for mailing, some in numbers.items():
            with contextlib.suppress(StoreError):
                contacts = whose.contacts(self._data_dir, mailing, some)
                for number in some:
                    if not self._unseen & {(contacts.get(number, 0), 0, 0), (0, mailing, number)}:
                        welcome.add((mailing, number))
        return [one for one in visits if (one.mailing, one.number) in welcome]
