"""How `postduif sink` shows its figures: a table that moves on a terminal, a line now and then elsewhere.

Both write to standard error, so that standard output holds only the address and the figures at the end.
"""

from __future__ import annotations

import asyncio
import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live as RichLive
from rich.table import Table

from postduif.sink import Figures

_REFRESH = 0.5  # seconds between two pictures on a terminal


def rows(figures: Figures) -> list[tuple[str, str]]:
    """Name and value of every figure worth a line."""
    lines = [
        ("connections", f"{figures.connections:,} ({figures.open:,} open, {figures.tls:,} with TLS)"),
        ("messages", f"{figures.messages:,}"),
        ("recipients", f"{figures.recipients:,}"),
        ("bytes", f"{figures.octets:,}"),
        ("messages/s", f"{figures.rate:,.0f}"),
    ]
    lines += [(f"refused {code}", f"{count:,}") for code, count in sorted(figures.refused.items())]
    signatures = figures.signatures_good, figures.signatures_bad, figures.signatures_none
    if any(signatures):
        lines.append(("signatures", "{:,} good, {:,} bad; {:,} messages without".format(*signatures)))
    lines.append(("duplicates", f"{figures.duplicates:,}"))
    for name, count in (("lost", figures.lost), ("bare newlines", figures.bare_newlines), ("NULs", figures.nuls)):
        if count:
            lines.append((name, f"{count:,}"))
    return lines


def table(figures: Figures) -> str:
    """The figures as text in two columns."""
    return "\n".join(f"{name:<16} {value}" for name, value in rows(figures))


class Live:
    """A picture of the figures on a terminal while it is entered."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._live = RichLive(console=Console(stderr=True), auto_refresh=False, transient=True)
        self._speed = _Speed(figures)
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._live.start()
        self._refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the picture goes."""
        if self._timer:
            self._timer.cancel()
        self._live.stop()

    def _refresh(self) -> None:
        picture = Table.grid(padding=(0, 2))
        for name, value in [*rows(self._figures), ("now", f"{self._speed.now():,.0f} messages/s")]:
            picture.add_row(name, value)
        self._live.update(picture, refresh=True)
        self._timer = asyncio.get_running_loop().call_later(_REFRESH, self._refresh)


class Plain:
    """A line of figures every few seconds while it is entered, when something has changed."""

    def __init__(self, figures: Figures, every: float) -> None:
        self._figures = figures
        self._every = max(every, 0.1)
        self._speed = _Speed(figures)
        self._before = ""
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._timer = asyncio.get_running_loop().call_later(self._every, self._write)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if self._timer:
            self._timer.cancel()

    def _write(self) -> None:
        figures = self._figures
        line = f"connections={figures.open} messages={figures.messages} refused={figures.refused.total()}"
        line += f" bad_signatures={figures.signatures_bad} duplicates={figures.duplicates}"
        speed = self._speed.now()
        if line != self._before:
            sys.stderr.write(f"{line} rate={speed:.0f}/s\n")
            sys.stderr.flush()
        self._before = line
        self._timer = asyncio.get_running_loop().call_later(self._every, self._write)


class _Speed:
    """Messages a second since it was last asked."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._count = 0
        self._time = asyncio.get_running_loop().time()

    def now(self) -> float:
        count, time = self._figures.messages, asyncio.get_running_loop().time()
        speed = (count - self._count) / (time - self._time) if time > self._time else 0.0
        self._count, self._time = count, time
        return speed
