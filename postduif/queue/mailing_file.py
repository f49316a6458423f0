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
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from postduif.envelope import Envelope, Notify
from postduif.errors import StoreError
from postduif.queue import columns, connection, directory, mailing, recovery, rows
from postduif.queue.mailing import Terms

TOGETHER = 256  # recipients of one domain, at least, that are written together: delivery then finds them in few pages
GATHERED = 100_000  # recipients in memory: some 60 MB
UNFINISHED = ".new"
_is_seed = itemgetter(4)
_NEVER = Notify.NEVER.value
_GOLDEN = (math.sqrt(5) - 1) / 2


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


Plain = tuple[str, str, int, int, bool]
"""A `Target` without names: of many that wait in memory the garbage collector leaves these alone."""


class Excluded(NamedTuple):
    """One who was meant and is not written to."""

    contact: int
    child: int
    address: str
    cause: str


class MailingFile:
    """Being written. `finish` or `discard` ends it. Raises StoreError when the disk does not take it."""

    def __init__(
        self, folder: Path, number: int, template: bytes, envelope: Envelope, terms: Terms, journal: str = ""
    ) -> None:
        """`folder` gets a directory named by the number. Of the envelope count sender and header_from.

        `journal`: an address that gets a copy of what each recipient gets, in the same wave; a copy is a seed.
        """
        self._number = number
        self._journal = journal
        self._template = template
        self._final = folder / str(number)
        self._draft = folder / f"{number}{UNFINISHED}"
        self._queues: dict[str, int] = {}
        self._gathered: defaultdict[str, list[Plain]] = defaultdict(list)
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
        self._connection.execute("CREATE TEMP TABLE copied (apart INTEGER, first INTEGER, last INTEGER)")
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        self._indexes = self._connection.execute(_INDEXES).fetchall()
        for name, _ in self._indexes:  # made again when all is written: that is faster, and they are in order then
            self._connection.execute(f"DROP INDEX {name}")
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

    def add(self, targets: Iterable[Plain]) -> None:
        """Add recipients. They are numbered by and by, those of one domain together."""
        together: defaultdict[str, list[Plain]] = defaultdict(list)
        for target in targets:
            together[target[0].rpartition("@")[2]].append(target)
        for domain, several in together.items():
            self._gathered[domain] += several
            self._in_memory += len(several)
        if self.written + self._in_memory * (2 if self._journal else 1) > rows.MAX_RECIPIENTS:
            raise StoreError(f"a mailing has {rows.MAX_RECIPIENTS:,} recipients at most; make two of it")
        if self._in_memory >= GATHERED:
            self._write(self._gathered)
        else:
            self._write(domain for domain in together if len(self._gathered[domain]) >= TOGETHER)

    def exclude(self, excluded: Sequence[Excluded]) -> None:
        """Note who gets nothing."""
        with _as_store_errors(self._draft):
            self._connection.executemany(
                "INSERT INTO excluded (contact, child, address, cause) VALUES (?, ?, ?, ?)", excluded
            )

    def finish(self, waves: Sequence[int] = ()) -> Path:
        """Put it on disk, whole; returns its directory. `waves`: how many go in each, if not all in the first."""
        self._write(self._gathered)
        with _as_store_errors(self._draft):
            self._part(waves)
            for _, made in self._indexes:
                self._connection.execute(made)
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA locking_mode = NORMAL")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.close()
            _sync_file(self._draft / connection.FILE_NAME)
            _write_file(self._draft / mailing.TEMPLATE_FILE, self._template)
            directory.sync(self._draft)
            shutil.rmtree(self._final, ignore_errors=True)
            self._draft.rename(self._final)
            directory.sync(self._final.parent)
            directory.sync(self._final.parent.parent)  # the folder itself may be new
        return self._final

    def _part(self, waves: Sequence[int]) -> None:
        """Put the later waves on hold: exactly so many people in each, whatever there is of seeds and copies."""
        for wave in range(2, len(waves) + 1):
            self._connection.execute(_INSERT_HOLD, (wave, mailing.stream_of(self._number), mailing.WAVE))
        if len(waves) > 1:
            self._connection.executemany(_PUT_OFF, self._put_off(list(accumulate(waves))))
            first = rows.first_recipient(self._number)
            copied = self._connection.execute("SELECT apart, first + ?1, last + ?1 FROM copied", (first,))
            self._connection.executemany(_PUT_OFF_COPIES, copied)

    def _put_off(self, ends: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Wave and id of those who are not in the first. A permutation of the people spreads each over all domains."""
        (count,) = self._connection.execute("SELECT count(*) FROM person WHERE NOT seed").fetchone()
        step, first = _step(count), rows.first_recipient(self._number)
        people = self._connection.execute("SELECT number FROM person WHERE NOT seed ORDER BY number")
        for place, (number,) in enumerate(people):
            wave = min(bisect_right(ends, place * step % count) + 1, len(ends))
            if wave > 1:
                yield wave, first + number

    def discard(self) -> None:
        """Leave nothing of it."""
        self._connection.close()
        shutil.rmtree(self._draft, ignore_errors=True)

    def _write(self, domains: Iterable[str]) -> None:
        """Number all who wait at these domains, a domain after the other."""
        recipients: list[Iterable[tuple[int, int, str, str]]] = []
        people: list[Iterable[tuple[int, int, int, bool]]] = []
        first = rows.first_recipient(self._number)
        with _as_store_errors(self._draft):
            for domain in sorted(domains):
                for at, targets in self._groups(domain, self._gathered.pop(domain)):
                    addresses, merges, contacts, children, seeds = zip(*targets, strict=True)  # columns: half the time
                    numbers = range(self.written, self.written + len(targets))
                    ids = range(first + numbers.start, first + numbers.stop)
                    recipients.append(zip(ids, repeat(self._queue(at)), addresses, merges))
                    people.append(zip(numbers, contacts, children, seeds, strict=True))
                    self.written = numbers.stop
            self._connection.executemany(_INSERT_RECIPIENT, chain.from_iterable(recipients))
            self._connection.executemany(_INSERT_PERSON, chain.from_iterable(people))

    def _groups(self, domain: str, targets: list[Plain]) -> Iterator[tuple[str, list[Plain]]]:
        """Those of a domain, and then the copies of what people among them get, in the same order."""
        self._in_memory -= len(targets)
        if not self._journal:
            yield domain, targets
            return
        targets.sort(key=_is_seed)  # people first
        people = [target for target in targets if not _is_seed(target)]
        first = self.written
        yield domain, targets
        if people:
            values = (self.written - first, self.written, self.written + len(people) - 1)
            self._connection.execute("INSERT INTO copied (apart, first, last) VALUES (?, ?, ?)", values)
            yield self._journal.rpartition("@")[2], [(self._journal, merge, 0, 0, True) for _, merge, *_ in people]

    def _queue(self, domain: str) -> int:
        """The number of the scheduled queue of a domain."""
        queue = self._queues.get(domain)
        if queue is None:
            queue = self._queues[domain] = len(self._queues) + 1
            values = (queue, mailing.stream_of(self._number), domain)
            self._connection.execute("INSERT INTO scheduled_queue (id, stream, domain) VALUES (?, ?, ?)", values)
        return queue


_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'recipient' AND sql IS NOT NULL"
_INSERT_MESSAGE = f"INSERT INTO message ({columns.MESSAGE_COLUMNS}) VALUES ({', '.join('?' * 16)})"  # noqa: S608  constants
_INSERT_RECIPIENT = f"""
INSERT INTO recipient ({columns.RECIPIENT_COLUMNS}) VALUES (?, ?, ?, '', {_NEVER}, 0, 0.0, 0, 0, '', '', '', ?)
"""  # noqa: S608  constants
_INSERT_PERSON = "INSERT INTO person (number, contact, child, seed) VALUES (?, ?, ?, ?)"
_PUT_OFF = "UPDATE recipient SET hold = ? WHERE id = ?"
_PUT_OFF_COPIES = """
UPDATE recipient SET hold = (SELECT hold FROM recipient AS of WHERE of.id = recipient.id - ?) WHERE id BETWEEN ? AND ?
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
    if handed_over.exists():  # whoever moved it may have been killed before it was durable
        with _as_store_errors(handed_over):
            _sync_move(handed_over, prepared)
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
        _sync_move(handed_over, prepared)


def _sync_move(to: Path, source: Path) -> None:
    """Put the move on disk: where it went first, and the folder there too, which may be new."""
    directory.sync(to.parent.parent)
    directory.sync(to.parent)
    if source.parent.exists():
        directory.sync(source.parent)


def _step(count: int) -> int:
    """Between the places of neighbours in a permutation of `count`: near the golden section, which spreads evenly."""
    near = round(count * _GOLDEN)
    return next(one for off in range(count + 1) for one in (near + off, near - off) if math.gcd(one, count) == 1)


def _write_file(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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
