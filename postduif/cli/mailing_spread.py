"""How the spread of a result is drawn: the domains, and what ended when. No number is cut, however narrow it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from postduif.campaign.results.spread import Bucket, OfDomain
from postduif.cli.tables import count, printable
from postduif.elapsed import span

DOMAINS = 10
MOST_ROWS = 12
ENDS = ("delivered", "bounced", "failed", "expired", "suppressed", "withdrawn")
OTHER = "other"
"""The heading of what has no room for columns of its own."""
_BAR = 20
_LEAST = 12  # characters of a domain, or of a bar
_GAP = 2
_MOMENT = 14


class Column(NamedTuple):
    """Numbers below their heading."""

    title: str
    numbers: tuple[int, ...]

    @property
    def width(self) -> int:
        """Characters, with what stands between it and the next."""
        return max(len(self.title), *(len(f"{number:,}") for number in self.numbers)) + _GAP


def domains(found: Sequence[OfDomain], room: int) -> Table:
    """The largest ones, in `room` characters a line."""
    shown = found[:DOMAINS]
    people = Column("people", tuple(one.recipients for one in shown))
    medians = ["" if one.seconds is None else span(one.seconds) for one in shown]
    room -= people.width + max(len("median"), *map(len, medians)) + _GAP
    columns = fitting(shown, ("pending", *ENDS), room - _LEAST - _GAP)
    left = room - sum(one.width for one in columns) - _GAP
    table = _table()
    longest = max(len("domain"), *(len(one.domain) for one in shown))
    table.add_column("domain", overflow="ellipsis", no_wrap=True, width=max(_LEAST, min(left, longest)))
    for title in (people.title, *(one.title for one in columns), "median"):
        table.add_column(title, justify="right", no_wrap=True)
    for place, one in enumerate(shown):
        numbers = (f"{column.numbers[place]:,}" for column in (people, *columns))
        table.add_row(Text(printable(one.domain)), *numbers, medians[place])
    if len(found) > DOMAINS:
        table.caption = f"{count(len(found) - DOMAINS, 'more domain')}; --json has the largest {len(found):,}"
        table.caption_justify = "left"
    return table


def over_time(buckets: Sequence[Bucket], room: int) -> Table:
    """What ended when. What came long after the others is in the last row."""
    shown = gathered(buckets)
    columns = fitting(shown, ENDS, room - _MOMENT - _GAP - _LEAST)
    bar = max(0, min(_BAR, room - _MOMENT - _GAP - sum(one.width for one in columns)))
    table = _table()
    table.add_column("from", no_wrap=True)
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    most = max(one.delivered for one in shown) or 1
    for place, one in enumerate(shown):
        numbers = (f"{column.numbers[place]:,}" for column in columns)
        table.add_row(clock(one.start), *numbers, Text("▇" * round(bar * one.delivered / most), "green"))
    return table


def gathered(buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    """At most MOST_ROWS; the last has everything from there on."""
    if len(buckets) <= MOST_ROWS:
        return buckets
    last = buckets[MOST_ROWS - 1 :]
    return [*buckets[: MOST_ROWS - 1], Bucket(last[0].start, *map(sum, zip(*(one[1:] for one in last), strict=True)))]


def fitting(rows: Sequence[OfDomain] | Sequence[Bucket], names: Sequence[str], room: int) -> list[Column]:
    """A column for each that is not 0 everywhere; those at the end go together when there is no room for all."""
    own = [Column(name, tuple(getattr(one, name) for one in rows)) for name in names]
    own = [column for column in own if any(column.numbers)]
    together: list[Column] = []
    while True:
        columns = list(own)
        if together:
            columns.append(Column(OTHER, tuple(map(sum, zip(*(one.numbers for one in together), strict=True)))))
        if len(own) < 2 or sum(one.width for one in columns) <= room:
            return columns
        together.append(own.pop())


def clock(at: float) -> str:
    """A moment as the clock on the wall has it."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%m-%d %H:%M:%S}"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
