"""Tables as every listing prints them: with colour and lines on a terminal, tab-separated elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

NARROW = 16  # characters of a cell that is never broken: ids, times, counts


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows; numbers stand right. `empty` is said when there are none."""
    listed = [[printable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in listed:
            click.echo("\t".join(row))
        return
    if not listed:
        click.echo(empty)
        return
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numbers = all(row[index].replace(".", "", 1).isdigit() for row in listed)
        narrow = max(len(row[index]) for row in listed) <= NARROW
        drawn.add_column(column, justify="right" if numbers else "left", overflow="fold", no_wrap=narrow)
    for row in listed:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def ago(moment: float, now: float | None = None) -> str:
    """`3m ago`, `in 2h`: a moment in seconds since the epoch, as people say it."""
    seconds = moment - (time.time() if now is None else now)
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def span(seconds: float) -> str:
    """The two largest units: `2h 5m`."""
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{int(count)}{unit}")
    return " ".join(parts[:2])


def printable(text: str) -> str:
    """What a terminal can be shown, whoever wrote it: nothing that moves its cursor or changes its colours."""
    return "".join(character if character.isprintable() else "?" for character in text)


def count(number: int, noun: str) -> str:
    """`1 recipient`, `1,200 recipients`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
