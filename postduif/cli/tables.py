"""Tables as every listing prints them: with colour and lines on a terminal, tab-separated elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

WHOLE = frozenset({"id", "address", "recipient", "sender", "e-mail", "to"})
"""Columns that are never cut: half an address is none. A terminal that is too narrow for them breaks the line."""
LEAST = 4  # characters that are left of a cell that is cut
_GAP = 2  # blanks between columns, and at the edges together
_CODE = re.compile(r"`([^`\n]+)`")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows; numbers stand right. `empty` is said when there are none.

    On a terminal, columns without a word are left out, and the widest are cut to what there is room for.
    """
    listed = [[printable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in listed:
            click.echo("\t".join(row))
    elif listed:
        console = Console()
        drawn, width = fitted(columns, listed, console.width)
        console.print(drawn, width=width, crop=False, soft_wrap=True)
    else:
        click.echo(empty)


def fitted(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> tuple[Table, int]:
    """What is drawn in `room` characters a line, and how many it takes: more, where too much may not be cut."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    kept = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    widths = {index: max(cell_len(text) for text in (columns[index], *(row[index] for row in rows))) for index in kept}
    numeric = {index for index in kept if all(row[index].replace(".", "", 1).isdigit() for row in rows)}
    room -= _GAP * len(kept)
    while sum(widths.values()) > room:
        cut = [index for index in kept if columns[index] not in WHOLE and index not in numeric]
        widest = max(cut, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    for index in kept:
        side: Literal["left", "right"] = "right" if index in numeric else "left"
        drawn.add_column(columns[index], justify=side, width=widths[index], no_wrap=True, overflow="ellipsis")
    for row in rows:
        drawn.add_row(*(Text(row[index]) for index in kept))
    return drawn, sum(widths.values()) + _GAP * len(kept)


def printable(text: str) -> str:
    """What a terminal can be shown, whoever wrote it: nothing that moves its cursor or changes its colours."""
    return "".join(character if character.isprintable() else "?" for character in text)


def quoted(text: str) -> str:
    """What we say in words, with what stands between `backticks` in "quotes" instead, for a terminal."""
    return printable(_CODE.sub(r'"\1"', text))


def count(number: int, noun: str) -> str:
    """`1 recipient`, `1,200 recipients`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
