"""Figures that the sink writes and the bench reads while both run: four numbers in a file mapped into both."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

_LAYOUT = struct.Struct("=Qddd")


class Count(NamedTuple):
    """Messages taken, and when the first and the last of them were complete (time.monotonic, 0 when there was none)."""

    messages: int
    first: float
    last: float
    begun: float = 0.0
    """When the last one began (MAIL)."""


class Counter:
    """One writer, any number of readers. A reader may see `last` of one message and `messages` of the one before."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_LAYOUT.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def write(self, count: Count) -> None:
        """Replaces the figures."""
        _LAYOUT.pack_into(self._map, 0, *count)

    def read(self) -> Count:
        """The figures now."""
        return Count(*_LAYOUT.unpack_from(self._map, 0))

    def close(self) -> None:
        """Gives the mapping back; the file stays."""
        self._map.close()

    def __enter__(self) -> Counter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
