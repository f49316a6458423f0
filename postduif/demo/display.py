"""How a demonstration shows itself: bars that move on a terminal, a line a second elsewhere, a table at the end."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from postduif.demo.judgement import Finding
from postduif.demo.progress import Goal, Progress

_EVERY = 1.0  # seconds between two lines


class Display:
    """Show progress while it is entered."""

    def __init__(self, console: Console, goal: Goal) -> None:
        self._console = console
        self._goal = goal
        self._looks: deque[tuple[float, int]] = deque(maxlen=8)
        self._said = time.monotonic()
        self._last = ""
        self._live: Live | None = None
        self._bars = Bars(TextColumn("{task.description:<20}"), BarColumn(40), MofNCompleteColumn())
        self._accepted = self._bars.add_task("accepted", total=goal.letters)
        self._delivered = self._bars.add_task("delivered", total=goal.deliveries)
        self._verified = self._bars.add_task("verified", total=goal.deliveries)

    def __enter__(self) -> Self:
        """Begin."""
        if self._console.is_terminal:
            self._live = Live(self._bars, console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the picture goes."""
        if self._live:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """The figures now."""
        rate = self._speed(progress.delivered)
        words = (
            f"deferred {progress.deferred:,}   bounced {progress.bounced:,}   in the queue {progress.queued:,}   "
            f"signatures good {progress.signatures:,}   {rate:,.0f} messages/s"
        )
        if self._live:
            self._bars.update(self._accepted, completed=progress.accepted)
            self._bars.update(self._delivered, completed=progress.delivered)
            self._bars.update(self._verified, completed=progress.verified)
            self._live.update(Group(self._bars, Text(words)))
        elif time.monotonic() - self._said >= _EVERY:
            line = f"accepted {progress.accepted:,}   delivered {progress.delivered:,}   {words}"
            if line != self._last:
                self._console.print(line, highlight=False, soft_wrap=True)
            self._said, self._last = time.monotonic(), line

    def _speed(self, delivered: int) -> float:
        """Deliveries in a second, of the last few."""
        self._looks.append((time.monotonic(), delivered))
        (began, before), (ended, after) = self._looks[0], self._looks[-1]
        return (after - before) / (ended - began) if ended > began else 0.0


def result(console: Console, findings: Sequence[Finding], rates: Sequence[tuple[str, float]]) -> None:
    """The table at the end, and what is wrong."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    drawn.add_column("")
    drawn.add_column("seen", justify="right")
    drawn.add_column("expected", justify="right")
    drawn.add_column("")
    for one in findings:
        mark = Text("wrong", "bold red") if one.trouble else Text("ok", "green")
        drawn.add_row(one.name, f"{one.seen:,}", f"{one.expected:,}", mark)
    for name, value in rates:
        drawn.add_row(name, f"{value:,.0f}", "", "")
    console.print(drawn)
    shared = f"Client, daemon, test MX and the check of every signature shared {os.cpu_count()} processors;"
    console.print(f"{shared} `make bench` measures.\n", highlight=False, soft_wrap=True)
    for one in findings:
        if one.trouble:
            console.print(Text(one.trouble, "red"), soft_wrap=True)
