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
    path = places.prepared_folder / f"{number}.lock"
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
            yield True
    finally:
        os.close(descriptor)
