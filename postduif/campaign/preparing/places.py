"""Where the files of mailings are, and who may write those of one that is being prepared."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from postduif.errors import StoreError
from postduif.queue import directory, mailing

_PROGRESS_LENGTH = 40


class Places(NamedTuple):
    """Those of one installation."""

    data_dir: Path

    @property
    def prepared_folder(self) -> Path:
        """Where queue files wait until they are handed over."""
        return self.data_dir / "campaign" / "prepared"

    @property
    def reports(self) -> Path:
        """Where reports of preparations are."""
        return self.data_dir / "campaign" / "reports"

    def prepared(self, number: int) -> Path:
        """The directory of one that is prepared."""
        return self.prepared_folder / str(number)

    def handed_over(self, number: int) -> Path:
        """The directory of one that the MTA has."""
        return mailing.directory_of(self.data_dir, number)

    def report(self, number: int) -> Path:
        """The report of its last preparation."""
        return self.reports / f"{number}.json"


@contextlib.contextmanager
def preparing(places: Places, number: int) -> Iterator[bool]:
    """Be the one who prepares that mailing. False: somebody else is."""
    directory.prepare(places.data_dir)
    directory.prepare(places.data_dir / "campaign")
    directory.prepare(places.prepared_folder)
    path = _lock(places, number)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            os.ftruncate(descriptor, 0)  # how far the one before came
            yield True
    finally:
        os.close(descriptor)


def note_progress(places: Places, number: int, looked: int, people: int) -> None:
    """Write down for others how many of how many people were looked at. Only who is `preparing` it calls this."""
    text = f"{looked} {people}".ljust(_PROGRESS_LENGTH)  # always as long, so that nobody reads half of two
    descriptor = os.open(_lock(places, number), os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, text.encode("ascii"), 0)
    finally:
        os.close(descriptor)


def progress_of(places: Places, number: int) -> tuple[int, int] | None:
    """How many of how many people whoever prepares it has looked at; None when that is not known (yet)."""
    try:
        looked, people = _lock(places, number).read_bytes().split()
        return int(looked), int(people)
    except (OSError, ValueError):
        return None


def _lock(places: Places, number: int) -> Path:
    return places.prepared_folder / f"{number}.lock"
