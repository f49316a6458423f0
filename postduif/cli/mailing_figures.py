"""How the results of a mailing are drawn: figures with their denominators, the domains, and what ended when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from postduif.campaign.mailings.record import Mailing
from postduif.campaign.results.figures import Figures, Line, lines
from postduif.campaign.results.spread import Bucket, OfDomain, Speed
from postduif.campaign.results.states import State
from postduif.cli.mailing_access import called
from postduif.cli.tables import ago, printable, span

ALWAYS = frozenset({"targeted", "excluded", "to_deliver", "pending", "delivered", "failed"})
"""Figures that are shown when they are 0, too."""
DOMAINS = 10
MOST_ROWS = 12
WIDTHS = (5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 86400.0)
"""Seconds of a row of what ended when."""
_ENDS = ("delivered", "bounced", "failed", "expired", "suppressed", "withdrawn")
_BAR = 30


class Result(NamedTuple):
    """What is shown."""

    mailing: Mailing
    figures: Figures
    domains: Sequence[OfDomain]
    buckets: Sequence[Bucket]
    speed: Speed


class Row(NamedTuple):
    """A figure, or a part of one."""

    depth: int
    name: str
    value: int
    line: Line | None
    """None: a cause or a category."""


def rows(figures: Figures) -> Iterator[Row]:
    """The figures, each below the one that it is a share of; those that are 0 are left out."""
    yield from _below("", 0, [line for line in lines(figures) if line.value or line.name in ALWAYS], figures)


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


def drawn(result: Result) -> RenderableType:
    """All of it."""
    parts: list[RenderableType] = [_heading(result), _figures(result.figures)]
    if result.domains:
        parts.append(_domains(result.domains))
    if result.buckets:
        parts.append(_over_time(result.buckets))
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
    return Group(_heading(result), bar, _figures(figures))


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


def _figures(figures: Figures) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("figure", no_wrap=True)
    table.add_column("people", justify="right", no_wrap=True)
    table.add_column("share", no_wrap=True)
    for row in rows(figures):
        style = "" if row.line else "dim"
        table.add_row(Text("  " * row.depth + row.name, style), Text(f"{row.value:,}", style), share(row.line))
    return table


def _domains(domains: Sequence[OfDomain]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("domain", overflow="ellipsis", no_wrap=True)
    names = [name for name in ("pending", *_ENDS) if any(getattr(one, name) for one in domains)]
    for title in ("people", *names, "median"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in domains[:DOMAINS]:
        counts = (f"{getattr(one, name):,}" for name in names)
        median = "" if one.seconds is None else span(one.seconds)
        table.add_row(Text(printable(one.domain)), f"{one.recipients:,}", *counts, median)
    return table


def _over_time(buckets: Sequence[Bucket]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    names = [name for name in _ENDS if any(getattr(one, name) for one in buckets)]
    for title in ("from", *names):
        table.add_column(title, justify="right" if title != "from" else "left", no_wrap=True)
    table.add_column("")
    most = max(one.delivered for one in buckets) or 1
    for one in buckets[:MOST_ROWS]:
        bar = "▇" * round(20 * one.delivered / most)
        table.add_row(clock(one.start), *(f"{getattr(one, name):,}" for name in names), Text(bar, "green"))
    return table


def clock(at: float) -> str:
    """A moment as the clock on the wall has it."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%m-%d %H:%M:%S}"
