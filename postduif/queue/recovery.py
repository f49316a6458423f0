"""Start-up: lock, look at what is there, set aside what is damaged, count what waits.

What each state found means is in docs/queue.md. Nothing is deleted here: a damaged file is renamed, with a note, what
can be read of it is taken over, and the operator keeps the rest.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from postduif import log
from postduif.clock import Clock
from postduif.errors import StoreError
from postduif.queue import connection, directory, mailing, salvage
from postduif.queue.bodies import Bodies
from postduif.queue.extension import Extension
from postduif.queue.holds import Hold
from postduif.queue.roster import Roster
from postduif.queue.scheduled import QueueKey
from postduif.queue.upgrade import VERSION, is_older

SUFFIXES = ("", "-wal", "-shm")
SALVAGED = ".salvaged"
"""Behind the name of the file that what can be read of a damaged one goes to. It takes the name when it is complete."""
CHECK_ALWAYS = 16 * 1024 * 1024
"""Octets up to which the whole file is checked at every start."""
CHECK_UNCLEAN = 512 * 1024 * 1024
"""Octets up to which it is checked after an unclean stop. Beyond, a start would take minutes."""
LEAST_ID = 1 << 32
IDS_PER_SECOND = 100
"""Ids of a new file begin at the time, so that they differ from those of a file it replaces."""


@dataclass(slots=True)
class Opened:
    """A queue file that is ours, whole as far as it was checked, with what the memory must know of it."""

    path: Path
    lock: directory.Lock
    next_id: int
    holds: list[Hold]
    queues: list[tuple[int, str, str]]
    free: list[tuple[int, int, float]]
    held: list[tuple[int, int]]

    def roster(self, max_entries: int, bodies: Bodies) -> Roster:
        """The memory of a daemon that has just started."""
        roster = Roster(max_entries, bodies)
        for row, stream, domain in self.queues:
            roster.add(QueueKey(stream, domain), row).stored = True
        for row, count, due in self.free:
            queue = roster.rows[row]
            queue.total, queue.next_due = count, due
            roster.queued += count
            roster.update(queue)
        for row, count in self.held:
            queue = roster.rows[row]
            queue.held = count
            queue.total += count
            roster.queued += count
        return roster


class _Damaged(Exception):  # noqa: N818  never leaves this module
    """The file is not a whole queue file; the text says why."""


def open_queue(data_dir: Path, clock: Clock, extensions: Sequence[Extension] = ()) -> Opened:
    """Everything up to the first lease. Raises StoreError with the remedy; then nothing is locked or open."""
    directory.prepare(data_dir)
    lock = directory.lock(data_dir)
    try:
        path = data_dir / connection.FILE_NAME
        _end_salvage(path, clock)
        present = [directory.check_file(path.with_name(path.name + suffix)) for suffix in SUFFIXES]
        if not any(present[:2]):
            create(path, _first_id(clock))
        else:
            if _unclean(path):
                log.warning("unclean_stop", done="what the daemon before had committed is taken up")
            _examine(path, clock, extensions)
        _prepare(path, extensions)
        _upgrade_mailings(data_dir)
        return _load(path, lock)
    except sqlite3.Error as error:
        lock.release()
        raise StoreError(f"{data_dir}: the queue file cannot be opened: {error}") from None
    except OSError as error:
        lock.release()
        raise StoreError(f"{error.filename or data_dir}: {error.strerror}") from None
    except BaseException:
        lock.release()
        raise


def _first_id(clock: Clock) -> int:
    """Above the numbers of mailings, whatever the clock says."""
    return max(int(clock.time() * IDS_PER_SECOND), LEAST_ID)


def _prepare(path: Path, extensions: Sequence[Extension]) -> None:
    with contextlib.closing(connection.connect_writer(path)) as opened:
        for extension in extensions:
            extension.prepare(opened)


def _upgrade_mailings(data_dir: Path) -> None:
    """Those of an earlier version, which perhaps nobody opens any more but to read."""
    for folder in (data_dir / mailing.FOLDER, data_dir / "campaign" / "prepared"):
        for path in filter(is_older, folder.glob(f"*/{connection.FILE_NAME}")):
            try:
                connection.connect_writer(path).close()
            except sqlite3.Error as error:
                log.error("mailing_not_upgraded", file=path, error=error, remedy="see docs/queue.md, Damage")


def create(path: Path, next_id: int) -> None:
    """A new, empty queue file, whole and on disk under its name or not there at all."""
    draft = path.with_name(path.name + ".new")
    for suffix in SUFFIXES:
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    schema = resources.files("postduif.queue").joinpath("schema.sql").read_text()
    with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as opened:
        opened.execute(f"PRAGMA page_size = {connection.PAGE_SIZE}")
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = FULL")
        opened.executescript(f"BEGIN; {schema} COMMIT;")
        opened.execute("INSERT INTO meta (name, value) VALUES ('next_id', ?)", (next_id,))
        opened.execute(f"PRAGMA application_id = {connection.APPLICATION_ID}")
        opened.execute(f"PRAGMA user_version = {VERSION}")
    draft.rename(path)
    directory.sync(path.parent)


def _examine(path: Path, clock: Clock, extensions: Sequence[Extension]) -> None:
    try:
        _check_header(path)
        _check_content(path)
    except _Damaged as damage:
        # The damaged file has its name until the new one is complete: a crash in between begins anew.
        salvaged = path.with_name(path.name + SALVAGED)
        for suffix in SUFFIXES:
            salvaged.with_name(salvaged.name + suffix).unlink(missing_ok=True)
        create(salvaged, _first_id(clock))
        _prepare(salvaged, extensions)
        tables = [table for extension in extensions for table in extension.tables]
        save = salvage.salvage_rows if any(one.row_by_row for one in extensions) else salvage.salvage
        count = save(path, salvaged, tables)
        aside = _set_aside(path, str(damage), clock)
        _end_salvage(path, clock)
        log.error(
            "queue file damaged",
            reason=damage,
            kept=aside,
            messages_saved=count,
            remedy="mail goes on with a new file; see docs/queue.md for what else can be saved from the old one",
        )
    path.with_name(path.name + connection.SUSPECT_SUFFIX).unlink(missing_ok=True)


def _end_salvage(path: Path, clock: Clock) -> None:
    """Give the salvaged file the name, once the damaged one has gone; perhaps a crash kept that from happening."""
    salvaged = path.with_name(path.name + SALVAGED)
    if path.exists() or not salvaged.exists():
        return
    if any(path.with_name(path.name + suffix).exists() for suffix in SUFFIXES[1:]):
        _set_aside(path, "it belongs to the file that was set aside before", clock)
    salvaged.rename(path)
    directory.sync(path.parent)


def _check_header(path: Path) -> None:
    """Of the file itself; none of these fields changes after it was made."""
    if not path.exists():
        raise _Damaged("the write-ahead log has lost its file")
    with path.open("rb") as file:
        header = file.read(100)
        size = file.seek(0, os.SEEK_END)
    if len(header) < 100:
        raise _Damaged(f"it has {len(header)} octets")
    if header[:16] != b"SQLite format 3\0":
        raise _Damaged("it is no SQLite file")
    version, application = struct.unpack(">i4xi", header[60:72])
    if application != connection.APPLICATION_ID:
        raise _Damaged("it belongs to another program")
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer Postduif (schema {version}, this one knows {VERSION}); "
            "install that version again"
        )
    (pages,) = struct.unpack(">I", header[28:32])
    page_size = struct.unpack(">H", header[16:18])[0]
    if not _unclean(path) and size < pages * page_size:
        raise _Damaged(f"it has {size} octets of {pages * page_size}")


def _check_content(path: Path) -> None:
    suspect = path.with_name(path.name + connection.SUSPECT_SUFFIX).exists()
    size = path.stat().st_size
    whole = suspect or size <= CHECK_ALWAYS or (_unclean(path) and size <= CHECK_UNCLEAN)
    try:
        with contextlib.closing(connection.connect_writer(path)) as opened:
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if missing := salvage.TABLES - tables:
                raise _Damaged(f"it has no table {', '.join(sorted(missing))}")
            if opened.execute("SELECT value FROM meta WHERE name = 'next_id'").fetchone() is None:
                raise _Damaged("it does not know the next message id")
            if whole:
                started = time.monotonic()
                verdict = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
                log.debug("queue file checked", seconds=time.monotonic() - started, verdict=verdict)
                if verdict != "ok":
                    raise _Damaged(str(verdict))
    except sqlite3.DatabaseError as error:
        if connection.is_damage(error):
            raise _Damaged(str(error)) from None
        raise


def _unclean(path: Path) -> bool:
    """The last daemon did not end by itself: a clean end empties the write-ahead log and removes it."""
    log_file = path.with_name(path.name + "-wal")
    return log_file.exists() and log_file.stat().st_size > 0


def _set_aside(path: Path, reason: str, clock: Clock) -> Path:
    """Rename the file and its log out of the way, with a note. Returns its new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock.time()))
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while any(aside.with_name(aside.name + suffix).exists() for suffix in SUFFIXES):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    aside.with_name(aside.name + ".reason").write_text(f"{reason}\n")
    for suffix in SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    directory.sync(path.parent)
    return aside


def _load(path: Path, lock: directory.Lock) -> Opened:
    with contextlib.closing(connection.connect_writer(path)) as opened:
        (next_id,) = opened.execute("SELECT value FROM meta WHERE name = 'next_id'").fetchone()
        return Opened(
            path,
            lock,
            next_id,
            [
                Hold(*row)
                for row in opened.execute(
                    "SELECT id, covers, stream, domain, owner, reason, placed_at, until FROM hold ORDER BY id"
                )
            ],
            opened.execute("SELECT id, stream, domain FROM scheduled_queue").fetchall(),
            opened.execute(
                "SELECT queue, count(*), min(due) FROM recipient INDEXED BY recipient_due WHERE hold = 0 GROUP BY queue"
            ).fetchall(),
            opened.execute(
                "SELECT queue, count(*) FROM recipient INDEXED BY recipient_held WHERE hold <> 0 GROUP BY queue"
            ).fetchall(),
        )
