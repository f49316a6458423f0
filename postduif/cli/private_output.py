"""Where an export goes: a file for us alone, as it has addresses of people, or standard output."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from postduif.errors import StoreError


@contextlib.contextmanager
def private_output(file: Path) -> Iterator[TextIO]:
    """Open it for writing; `-` is standard output. Raises StoreError, also for what is written inside."""
    try:
        with contextlib.nullcontext(sys.stdout) if str(file) == "-" else _opened(file) as target:
            yield target
            target.flush()
    except BrokenPipeError:  # whoever reads has enough; that is no error of a file
        raise
    except OSError as error:
        place = "standard output" if str(file) == "-" else file
        raise StoreError(f"{place} cannot be written: {error.strerror}; choose another place, or make room") from None


def _opened(file: Path) -> TextIO:
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if stat.S_ISREG(os.fstat(number).st_mode):
        with contextlib.suppress(PermissionError):  # of somebody else, who gave it to us to write in
            os.fchmod(number, 0o600)  # it may have been there, for everybody to read
    return open(number, "w", encoding="utf-8", newline="")
