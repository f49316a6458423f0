"""How the results of a mailing are drawn: figures with their denominators, the domains, and what ended when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.figures import Figures, Line, lines
from postduif.campaign.results.reading import DEFINITIONS as READING
from postduif.campaign.results.reading import LinkResult, ReadAt, Reading
from postduif.campaign.results.spread import Bucket, OfDomain, Speed
from postduif.campaign.results.states import State
from postduif.cli.mailing_access import called
from postduif.cli.mailing_spread import MOST_ROWS, domains, over_time
from postduif.cli.tables import printable
from postduif.elapsed import ago, span

ALWAYS = frozenset({"targeted", "excluded", "to_deliver", "pending", "delivered", "failed"})
"""Figures that are shown when they are 0, too."""
WIDTHS = (5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 86400.0)
"""Seconds of a row of what ended when."""
_BAR = 30


class Result(NamedTuple):
    """What is shown."""

    mailing: Mailing
    figures: Figures
    domains: Sequence[OfDomain]
    buckets: Sequence[Bucket]
    speed: Speed
    reading: Reading | None = None
    """None: nothing of it is tracked."""
    links: Sequence[LinkResult] = ()
    readers: Sequence[ReadAt] = ()


class Row(NamedTuple):
    """A figure, or a part of one."""

    depth: int
    name: str
    value: int
    line: Line | None
    """None: a cause or a category."""


def reading_rows(reading: Reading) -> Iterator[Row]:
    """How it was read."""
    for line in lines(reading, READING):
        yield Row(0, line.name.replace("_", " "), line.value, line)


def rows(figures: Figures) -> Iterator[Row]:
    """The figures, each below the one that it is a share of; those that are 0 are left out."""
    all_lines = lines(figures)
    wanted = {line.name for line in all_lines if line.value or line.name in ALWAYS}
    wanted |= {line.of for line in all_lines if line.name in wanted}
    yield from _below("", 0, [line for line in all_lines if line.name in wanted], figures)


def _below(of: str, depth: int, all_lines: Sequence[Line], figures: Figures) -> Iterator[Row]:
    for line in all_lines:
        if line.of != of:
            continue
        yield Row(depth, line.name.replace("_", " "), line.value, line)
        for name, value in _parts(line.name, figures).items():
            yield Row(depth + 1, printable(name), value, None)
        yield from _below(line.name, depth + 1, all_lines, figures)


def _parts(name: str, figures: Figures) -> Mapping[str, int]:
    if name == "excluded":
        return figures.causes
    if name in set(State):
        return figures.categories.get(State(name), {})
    return {}


def share(line: Line | None) -> str:
    """`95.4 % of to deliver`."""
    if line is None or line.share is None:
        return ""
    return f"{line.share:6.1%} of {line.of.replace('_', ' ')}".replace("%", " %", 1)


def width_of(begin: float, end: float) -> float:
    """Seconds of a row, so that there are not too many."""
    return next((width for width in WIDTHS if (end - begin) / width <= MOST_ROWS), WIDTHS[-1])


def drawn(result: Result, room: int) -> RenderableType:
    """All of it, in `room` characters a line."""
    parts: list[RenderableType] = [_heading(result), _table(rows(result.figures))]
    if result.reading:
        parts.append(_table(reading_rows(result.reading)))
    if any(one.clicks_with_machines for one in result.links):
        parts.append(_links(result.links))
    if result.domains:
        parts.append(domains(result.domains, room))
    if result.buckets:
        parts.append(over_time(result.buckets, room))
    return Group(*parts)


def live(result: Result) -> RenderableType:
    """What changes while it goes on."""
    figures = result.figures
    ended = figures.to_deliver - figures.pending
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        Text(f"{ended:,}/{figures.to_deliver:,}"),
        ProgressBar(max(figures.to_deliver, 1), ended, width=_BAR),
        Text(f"{result.speed.delivered / result.speed.seconds:,.0f}/s"),
    )
    read = [_table(reading_rows(result.reading))] if result.reading and result.reading.opens_with_machines else []
    return Group(_heading(result), bar, _table(rows(figures)), *read)


def line_of(result: Result) -> str:
    """The same in a line, for who has no terminal."""
    figures = result.figures
    names = ("pending", "deferred", "delivered", "failed", "withdrawn")
    told = ", ".join(f"{name} {getattr(figures, name):,}" for name in names if getattr(figures, name))
    return f"{result.mailing.state}: {told} of {figures.to_deliver:,}"


def _heading(result: Result) -> Text:
    mailing = result.mailing
    run = mailing.run
    words = f"{called(mailing)} is {mailing.state}"
    if run.started and run.ended:
        words += f", {ago(run.ended)}; it took {span(run.ended - run.started)}"
    elif run.started:
        words += f", begun {ago(run.started)}"
    if mailing.reason:
        words += f"; {mailing.reason}"
    return Text(printable(words), "bold")


def _links(links: Sequence[LinkResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("link", overflow="ellipsis", no_wrap=True)
    for title in ("clicked", "clicks", "with machines"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in links:
        counts = (one.clickers, one.clicks, one.clicks_with_machines)
        table.add_row(Text(printable(f"{one.link} {one.label or one.url}")), *(f"{count:,}" for count in counts))
    return table


def _table(found: Iterable[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("figure", no_wrap=True)
    table.add_column("people", justify="right", no_wrap=True)
    table.add_column("share", no_wrap=True)
    for row in found:
        style = "" if row.line else "dim"
        table.add_row(Text("  " * row.depth + row.name, style), Text(f"{row.value:,}", style), share(row.line))
    return table
