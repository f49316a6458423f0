"""What became of the mail of mailings: the journal of each, a stream from its handing over until nothing waits in it.

Read in short looks at a file that the MTA writes: nothing is locked, and delivery never waits. What comes back later,
by mail, is in the main journal too, and told from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.campaign.telling.stream import Event, Part, Stream
from postduif.campaign.tracking.whose import contacts_in
from postduif.mta.mailing_files import ENDED, numbers
from postduif.mta.webhook_events import event_of
from postduif.queue.connection import FILE_NAME
from postduif.queue.following import first_since, follow, last_id
from postduif.queue.inspect import looking
from postduif.queue.journal import Line
from postduif.queue.mailing import FOLDER, directory_of

KINDS = frozenset(
    one.value for one in (Kind.DELIVERED, Kind.DEFERRED, Kind.FAILED, Kind.EXPIRED, Kind.WITHDRAWN, Kind.SUPPRESSED)
)


class Mark(NamedTuple):
    """Another one when something was written in the meantime, if that is more than a tick of the clock."""

    ended: bool
    """Nothing waits there any more, so nothing is added to what is told."""
    file: tuple[int, int]
    log: tuple[int, int]


def journals(data_dir: Path) -> list[Stream]:
    """Of all mailings that were handed over and are still on disk. Raises StoreError."""
    return [
        Stream(f"mailing-{number}", KINDS, partial(_behind, number), partial(_read, number))
        for number in numbers(data_dir / FOLDER)
    ]


def mark(data_dir: Path, journal: Stream) -> Mark:
    """Of its files, without opening them."""
    folder = data_dir / FOLDER / journal.name.partition("-")[2]
    return Mark((folder / ENDED).exists(), *(_changed(folder / f"{FILE_NAME}{suffix}") for suffix in ("", "-wal")))


def _changed(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _behind(mailing: int, data_dir: Path, since: float | None) -> int:
    with looking(directory_of(data_dir, mailing)) as connection:
        first = None if since is None else first_since(connection, since)
        return last_id(connection) if first is None else first - 1


def _read(mailing: int, data_dir: Path, after: int, kinds: Sequence[str], limit: int, _: float) -> Part:
    with looking(directory_of(data_dir, mailing)) as connection:
        if after > last_id(connection):  # the file was damaged, and another took its place
            after = 0
        page = follow(connection, after, [kind for kind in kinds if kind in KINDS], limit)
        contacts = contacts_in(connection, {line.number for line in page.lines})
    return Part([_event(mailing, line, contacts.get(line.number, 0)) for line in page.lines], page.seen, page.more)


def _event(mailing: int, line: Line, contact: int) -> Event:
    told = event_of(line)
    whose = {"mailing": mailing, "number": line.number, "contact": contact}
    return Event(line.id, line.at, line.kind, told | {"id": f"mailing-{mailing}-{told['id']}"} | whose)
