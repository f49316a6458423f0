"""A queue file as it is after weeks of deferrals, written in seconds: bulk SQL into our own schema.

Every recipient has a message of its own, has been tried before and has its rows in the journal. Domains and due times
are in random order, as they get with time: what is due next lies anywhere in the file.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import SENDER
from postduif.address import Address
from postduif.attempt import Attempt, Kind
from postduif.envelope import Entry, Envelope, Recipient
from postduif.queue import connection, recovery, rows
from postduif.queue.columns import JOURNAL_COLUMNS, MESSAGE_COLUMNS, RECIPIENT_COLUMNS, Row
from postduif.reply import Reply

SPREAD = 3.5 * 3600.0
"""Seconds over which due times are spread: about the last wait of the default retry schedule."""
TRIES = 2
_SEED = 3  # every run of the bench has the same queue
_CHUNK = 20_000
_LIFETIME = 30 * 86400.0
_FIRST_ID = 1_000_000
_LATER = Reply(451, "4.7.1", "Greylisted, try again later", "mx.remote.example")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: to whom in which order does not matter."""

    recipients: int
    domains: Sequence[str]
    """Each gets an equal share."""
    size: int
    """Octets of each body."""


@contextmanager
def giving_way() -> Iterator[None]:
    """Whatever the bench was started with, as `chrt -f 10`: what is no measurement gives way to others."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def fill(data_dir: Path, backlog: Backlog, last_due: float) -> None:
    """Makes the queue file. Due times are spread before `last_due`, seconds since the epoch."""
    path = data_dir / connection.FILE_NAME
    recovery.create(path, _FIRST_ID + backlog.recipients)
    content = _content(backlog.size)
    number = {domain: row for row, domain in enumerate(backlog.domains, 1)}
    with giving_way(), closing(connection.connect_writer(path)) as opened:
        for setting in ("journal_mode = MEMORY", "synchronous = OFF", "cache_size = -400000"):
            opened.execute(f"PRAGMA {setting}")
        opened.execute("BEGIN")
        opened.executemany(
            "INSERT INTO scheduled_queue (id, stream, domain) VALUES (?, 'default', ?)",
            [(row, domain) for domain, row in number.items()],
        )
        for chunk in _chunks(_entries(backlog, last_due, len(content))):
            opened.executemany(
                _insert("recipient", RECIPIENT_COLUMNS),
                [rows.recipient_row(one.recipient, number[one.recipient.address.domain]) for one in chunk],
            )
            opened.executemany(_insert("message", MESSAGE_COLUMNS), [rows.message_row(one.envelope) for one in chunk])
            opened.executemany(
                "INSERT INTO body (id, content) VALUES (?, ?)", [(one.envelope.id, content) for one in chunk]
            )
            opened.executemany(_insert("journal", JOURNAL_COLUMNS), _history(chunk))
        opened.execute("COMMIT")
        opened.execute("PRAGMA journal_mode = WAL")
    _sync(path)


def hasten(data_dir: Path, seconds: float) -> None:
    """Makes everything due so much earlier. Only while no daemon runs."""
    path = data_dir / connection.FILE_NAME
    with giving_way(), closing(connection.connect_writer(path)) as opened:
        opened.execute("PRAGMA cache_size = -400000")
        opened.execute("UPDATE recipient SET due = due - ?", (seconds,))
    _sync(path)


def waiting(data_dir: Path) -> int:
    """Recipients in the queue."""
    with closing(connection.connect_reader(data_dir / connection.FILE_NAME)) as opened:
        (count,) = opened.execute("SELECT count(*) FROM recipient").fetchone()
    return int(count)


def forget_pages(data_dir: Path) -> None:
    """Has the system forget what it has of the queue file in memory, as after it was started."""
    with (data_dir / connection.FILE_NAME).open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _entries(backlog: Backlog, last_due: float, size: int) -> Iterator[Entry]:
    """In the order of arrival; the domains take turns, shuffled anew each time."""
    chance = random.Random(_SEED)
    domains = list(backlog.domains)
    for number in range(backlog.recipients):
        turn = number % len(domains)
        if turn == 0:
            chance.shuffle(domains)
        due = rows.moment(last_due - chance.random() * SPREAD)
        received = time.time() - 86400.0
        envelope = Envelope(
            Address(*SENDER.split("@")),
            id=_FIRST_ID + number,
            received_at=received,
            expires_at=received + _LIFETIME,
            origin="127.0.0.1",
            size=size,
            message_id=f"<{number}@load.example>",
            header_from="sender.example",
        )
        recipient = Recipient(Address(f"reader{number}", domains[turn]), attempts=TRIES, due=due, last_reply=_LATER)
        recipient.id = rows.first_recipient(envelope.id)
        yield Entry(envelope, recipient)


def _history(entries: list[Entry]) -> list[Row]:
    """The journal of the attempts before."""
    attempt = Attempt(Kind.DEFERRED, _LATER, 0.0, site="mx.remote.example", host="mx.remote.example[192.0.2.1]:25")
    return [
        (one.envelope.received_at + tried * 3600.0, *rows.journal_row(one, attempt)[1:])
        for tried in range(TRIES)
        for one in entries
    ]


def _content(size: int) -> bytes:
    header = (
        f"Received: from load.example ([127.0.0.1]) by mta.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n"
        f"From: <{SENDER}>\r\nTo: <reader@domain.example>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n"
        "Message-Id: <backlog@load.example>\r\nSubject: what waits\r\n\r\n"
    )
    line = b"X" * 78 + b"\r\n"
    return header.encode() + line * (max(1, size // len(line)))


def _insert(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})"


def _chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
