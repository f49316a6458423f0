"""Writes the queue file of a mailing that is being prepared, and hands it over. Only the campaign calls this.

Half of it is nothing: it is written under another name, without care for a crash, put on disk whole and renamed. What
is renamed into `data_dir/mailings` is the MTA's, and nobody else writes it any more.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from postduif.envelope import Envelope, Notify
from postduif.errors import StoreError
from postduif.queue import columns, connection, directory, mailing, recovery, rows
from postduif.queue.mailing import Terms

TOGETHER = 256  # recipients of one domain that are written together: delivery then finds them in few pages
GATHERED = 100_000  # recipients in memory: some 60 MB
UNFINISHED = ".new"
_NEVER = Notify.NEVER.value
_STEP = 1_000_003


class Target(NamedTuple):
    """One who is written to."""

    address: str
    """As an envelope has it: the local part as given, the domain in ASCII and lower case."""
    merge: str
    """The values for the template, as `mta.merged` reads them."""
    contact: int
    child: int = 0
    seed: bool = False
    """An address of ours, in no figure; it is always in the first wave."""


class Excluded(NamedTuple):
    """One who was meant and is not written to."""

    contact: int
    child: int
    address: str
    cause: str


class MailingFile:
    """Being written. `finish` or `discard` ends it. Raises StoreError when the disk does not take it."""

    def __init__(self, folder: Path, number: int, template: bytes, envelope: Envelope, terms: Terms) -> None:
        """`folder` gets a directory named by the number. Of the envelope count sender and header_from."""
        self._number = number
        self._final = folder / str(number)
        self._draft = folder / f"{number}{UNFINISHED}"
        self._queues: dict[str, int] = {}
        self._gathered: dict[str, list[Target]] = {}
        self._in_memory = 0
        self.written = 0
        """Recipients that have a number."""
        directory.prepare(folder)
        shutil.rmtree(self._draft, ignore_errors=True)
        with _as_store_errors(self._draft):
            self._draft.mkdir(mode=0o700)
            path = self._draft / connection.FILE_NAME
            recovery.create(path, number + 1)
            self._connection = connection.connect_writer(path)
            self._begin(template, envelope, terms)

    def _begin(self, template: bytes, envelope: Envelope, terms: Terms) -> None:
        mailing.prepare(self._connection)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        mailing.write_terms(self._connection, terms)
        message = Envelope(
            envelope.sender,
            id=self._number,
            stream=mailing.stream_of(self._number),
            origin="mailing",
            size=len(template),
            header_from=envelope.header_from,
            bulk=True,
        )
        self._connection.execute(_INSERT_MESSAGE, rows.message_row(message))
        self._connection.execute("INSERT INTO body (id, content) VALUES (?, ?)", (self._number, template))

    def add(self, targets: Iterable[Target]) -> None:
        """Add recipients. They are numbered by and by, those of one domain together."""
        gathered = self._gathered
        full: list[str] = []
        for target in targets:
            domain = target.address.rpartition("@")[2]
            of_domain = gathered.get(domain)
            if of_domain is None:
                gathered[domain] = [target]
            else:
                of_domain.append(target)
                if len(of_domain) == TOGETHER:
                    full.append(domain)
            self._in_memory += 1
        if self.written + self._in_memory > rows.MAX_RECIPIENTS:
            raise StoreError(f"a mailing has {rows.MAX_RECIPIENTS:,} recipients at most; make two of it")
        for domain in sorted(gathered) if self._in_memory >= GATHERED else full:
            self._write(domain, gathered.pop(domain))

    def exclude(self, excluded: Sequence[Excluded]) -> None:
        """Note who gets nothing."""
        with _as_store_errors(self._draft):
            self._connection.executemany(
                "INSERT INTO excluded (contact, child, address, cause) VALUES (?, ?, ?, ?)", excluded
            )

    def finish(self, waves: Sequence[int] = ()) -> Path:
        """Put it on disk, whole; returns its directory. `waves`: how many go in each, if not all in the first."""
        for domain in sorted(self._gathered):
            self._write(domain, self._gathered.pop(domain))
        with _as_store_errors(self._draft):
            self._part(waves)
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA locking_mode = NORMAL")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.close()
            _sync_file(self._draft / connection.FILE_NAME)
            directory.sync(self._draft)
            shutil.rmtree(self._final, ignore_errors=True)
            self._draft.rename(self._final)
            directory.sync(self._final.parent)
        return self._final

    def _part(self, waves: Sequence[int]) -> None:
        """Put the later waves on hold. Who is in which is spread over all domains, by a permutation of the numbers."""
        later = [(wave, size) for wave, size in enumerate(waves[1:], 2) if size]
        step = next(one for one in range(_STEP, 2 * _STEP) if math.gcd(one, self.written) == 1) if later else 0
        low = self.written - sum(size for _, size in later)
        for wave, size in later:
            self._connection.execute(_INSERT_HOLD, (wave, mailing.stream_of(self._number), mailing.WAVE))
            self._connection.execute(_PUT_OFF, (wave, step, self.written, low, low + size))
            low += size

    def discard(self) -> None:
        """Leave nothing of it."""
        self._connection.close()
        shutil.rmtree(self._draft, ignore_errors=True)

    def _write(self, domain: str, targets: list[Target]) -> None:
        queue = self._queues.get(domain)
        with _as_store_errors(self._draft):
            if queue is None:
                queue = self._queues[domain] = len(self._queues) + 1
                values = (queue, mailing.stream_of(self._number), domain)
                self._connection.execute("INSERT INTO scheduled_queue (id, stream, domain) VALUES (?, ?, ?)", values)
            number, first = self.written, rows.first_recipient(self._number)
            recipients, people = [], []
            for address, merge, contact, child, seed in targets:
                recipients.append((first + number, queue, address, merge))
                people.append((number, contact, child, seed))
                number += 1
            self._connection.executemany(_INSERT_RECIPIENT, recipients)
            self._connection.executemany(
                "INSERT INTO person (number, contact, child, seed) VALUES (?, ?, ?, ?)", people
            )
        self._in_memory -= len(targets)
        self.written = number


_INSERT_MESSAGE = f"INSERT INTO message ({columns.MESSAGE_COLUMNS}) VALUES ({', '.join('?' * 16)})"  # noqa: S608  constants
_INSERT_RECIPIENT = f"""
INSERT INTO recipient ({columns.RECIPIENT_COLUMNS}) VALUES (?, ?, ?, '', {_NEVER}, 0, 0.0, 0, 0, '', '', '', ?)
"""  # noqa: S608  constants
_PUT_OFF = """
UPDATE recipient SET hold = ?1 WHERE (id & 16777215) * ?2 % ?3 >= ?4 AND (id & 16777215) * ?2 % ?3 < ?5
AND NOT (SELECT seed FROM person WHERE number = id & 16777215)
"""
_INSERT_HOLD = """
INSERT INTO hold (id, covers, stream, domain, owner, reason, placed_at, until)
VALUES (?, 'recipients', ?, '', ?, 'a later wave', 0.0, NULL)
"""


def hand_over(prepared: Path, data_dir: Path, *, at: float, expires_at: float, waves: Sequence[float | None]) -> None:
    """Give a finished file to the MTA. It may be called again after a crash: what is done already is left.

    `at`: when it starts, seconds since the epoch; `waves`: when the second and the later ones do, None for those that
    wait for a word. Raises StoreError when there is neither a prepared file nor one handed over.
    """
    handed_over = mailing.directory_of(data_dir, int(prepared.name))
    if handed_over.exists():
        return
    if not prepared.exists():
        raise StoreError(f"{prepared} is not there; prepare the mailing again")
    directory.prepare(data_dir)
    directory.prepare(handed_over.parent)
    with _as_store_errors(prepared):
        path = prepared / connection.FILE_NAME
        with contextlib.closing(connection.connect_writer(path)) as opened:
            opened.execute("BEGIN IMMEDIATE")
            opened.execute("UPDATE message SET received_at = ?, expires_at = ?", (at, expires_at))
            for wave, until in enumerate(waves, 2):
                opened.execute("UPDATE hold SET placed_at = ?, until = ? WHERE id = ?", (at, until, wave))
            opened.execute("COMMIT")
        prepared.rename(handed_over)
        directory.sync(handed_over.parent)
        directory.sync(prepared.parent)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _as_store_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{place} cannot be written: {error}") from error
