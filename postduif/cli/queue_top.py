"""`postduif queue top`: the busiest sites and scheduled queues, live."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from postduif.cli.asking import json_option, one_line_errors, print_json, settings
from postduif.cli.options import config_option
from postduif.cli.tables import printable
from postduif.mta.control import ask
from postduif.mta.route_figures import held_by

Row = dict[str, Any]
NAME_WIDTH = 20  # columns that a name has at least, before figures are left out
_LINES = 6  # two headings with their rules, and blank lines above them


class Column(NamedTuple):
    """A column of figures. Those with the highest rank go first when the terminal is narrow."""

    title: str
    rank: int
    cell: Callable[[Row, float], str]


def _rate(name: str) -> Callable[[Row, float], str]:
    return lambda row, seconds: rate(row[name] / seconds)


def _count(name: str) -> Callable[[Row, float], str]:
    return lambda row, _: f"{row[name]:,}" if row[name] else ""


_RATES = (
    Column("sent/s", 0, _rate("delivered")),
    Column("deferred/s", 1, _rate("deferred")),
    Column("failed/s", 4, _rate("failed")),
)
_SITES = (
    *_RATES,
    Column("open", 2, lambda row, _: f"{row['connections']}/{row['connection_limit']}"),
    Column("ready", 5, _count("ready")),
    Column("held by", 3, lambda row, _: held_by(row)),
)
_QUEUES = (
    *_RATES,
    Column("waiting", 2, _count("waiting")),
    Column("under way", 5, _count("under_way")),
    Column("held", 3, _count("held")),
)


@click.command
@config_option
@click.option("--once", is_flag=True, help="Print it once. Also when the output is no terminal.")
@json_option
def top(config_path: Path, *, once: bool, as_json: bool) -> None:
    """The busiest sites and scheduled queues, anew each second. Ctrl-C ends it. Rates are of the last 10 seconds."""
    console = Console()
    with one_line_errors():
        run_dir = settings(config_path).config.server.run_dir
        found = ask(run_dir, "live.top")
        if as_json:
            print_json(found)
        elif once or not sys.stdout.isatty():
            console = console if console.is_terminal else Console(width=120)
            console.print(view(found, console.width, sys.maxsize))
        else:
            _live(console, found, lambda: ask(run_dir, "live.top"))


def _live(console: Console, found: Row, look: Callable[[], Row]) -> None:
    try:
        with Live(console=console, screen=True, auto_refresh=False) as picture:
            while True:
                picture.update(view(found, console.width, console.height), refresh=True)
                time.sleep(1)
                found = look()
    except KeyboardInterrupt:
        pass


def view(found: Row, width: int, height: int) -> RenderableType:
    """All of it, within so many columns and lines."""
    summary = _summary(found, width)
    room = max(height - len(summary) - _LINES, 2)
    sites, queues = found["sites"], found["queues"]
    for_sites = min(len(sites), max(room // 2, room - len(queues)))
    seconds = found["seconds"]
    return Group(
        *summary,
        Text(),
        _drawn("site", [(row["site"], row) for row in sites[:for_sites]], _SITES, seconds, width),
        Text(),
        _drawn("queue", [(_name(row), row) for row in queues[: room - for_sites]], _QUEUES, seconds, width),
    )


def _summary(found: Row, width: int) -> list[Text]:
    seconds = found["seconds"]
    rates = (f"{rate(found[name] / seconds) or 0} {word}/s" for name, word in _WORDS.items())
    parts = [f"{found['queued']:,} queued", f"{found['under_way']:,} under way", *rates]
    line = Text("   ".join(parts) if len("   ".join(parts)) <= width else " ".join(parts[:3]), overflow="ellipsis")
    line.no_wrap = True
    trouble = found["trouble"] or ("the disk reserve is reached: new mail gets 452" if found["full"] else "")
    return [line, Text(printable(trouble), "bold red", no_wrap=True, overflow="ellipsis")] if trouble else [line]


_WORDS = {"delivered": "sent", "deferred": "deferred", "failed": "failed"}


def _name(row: Row) -> str:
    return f"{row['domain']} {row['stream']}" if row["stream"] != "default" else str(row["domain"])


def _drawn(
    title: str, rows: Sequence[tuple[str, Row]], columns: Sequence[Column], seconds: float, width: int
) -> RenderableType:
    cells = {column: [printable(column.cell(row, seconds)) for _, row in rows] for column in columns}
    shown = list(columns)
    while shown and NAME_WIDTH + sum(2 + _width(one, cells[one]) for one in shown) > width:
        shown.remove(max(shown, key=lambda one: one.rank))
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, width=width)
    drawn.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    for one in shown:
        justify = "left" if one.title == "held by" else "right"
        drawn.add_column(one.title, no_wrap=True, width=_width(one, cells[one]), justify=justify)  # type: ignore[arg-type]
    for number, (name, _) in enumerate(rows):
        drawn.add_row(Text(printable(name)), *(Text(cells[one][number]) for one in shown))
    return drawn


def _width(column: Column, cells: Sequence[str]) -> int:
    return max(len(column.title), *map(len, cells), 0)


def rate(events: float) -> str:
    """Events a second, two digits at least of what is small; "" for none."""
    if not events:
        return ""
    return f"{events:,.0f}" if events >= 10 else f"{events:.1f}"
