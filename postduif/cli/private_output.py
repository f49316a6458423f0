"""Where an export goes: a file for us alone, as it has addresses of people, or standard output."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TextIO

from postduif.errors import StoreError


def private_output(file: Path) -> contextlib.AbstractContextManager[TextIO]:
    """Open it for writing; `-` is standard output. Raises StoreError."""
    if str(file) == "-":
        return contextlib.nullcontext(sys.stdout)
    try:
        return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}") from None
