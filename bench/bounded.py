"""`python -m bench.bounded`: is everything bounded? A long queue against a short one, and sick hosts beside well ones.

Prints a line for each run and a table of medians; all figures go to a JSON file.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from statistics import median
from typing import Any

import click

from bench.backlog import forget_pages
from bench.depth import Depth, bring_due, fill_for_later, idle_memory, new_mail, old_mail, place, restart
from bench.errors import BenchError
from bench.gauges import Lag
from bench.sickness import among_few, among_many
from bench.stretch import Stretch

_MIB = 1 << 20
LATE = 0.05
"""Seconds: what the event loop may be late, 99 times of 100."""


@dataclass(slots=True)
class Book:
    """Every run by name, in the order they were made."""

    say: Callable[[str], None]
    idle: int = 0
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, one: Stretch) -> None:
        """Notes a run."""
        self.stretches.setdefault(name, []).append(one)
        self.say(f"{name:<28} {one.rate:7,.0f}/s  {one.cpu * 1e6:5.0f} us  late {one.lag.above(LATE):.2%}")

    def add_start(self, name: str, seconds: float) -> None:
        """Notes a restart."""
        self.starts.setdefault(name, []).append(seconds)
        self.say(f"{'restart, ' + name:<28} {seconds:7.2f} s")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the table: medians; of memory, files and lag all that was seen."""
        for name, runs in self.stretches.items():
            late = reduce(Lag.plus, [run.lag for run in runs])
            yield {
                "run": name,
                "per_second": round(median(run.rate for run in runs)),
                "cpu_us_per_message": round(median(run.cpu for run in runs) * 1e6),
                "memory_above_idle_mib": round((max(run.memory for run in runs) - self.idle) / _MIB),
                "open_files": max(run.files for run in runs),
                "loop_lag_p99_ms": late.p99() * 1000,
                "loop_late_share": round(late.above(LATE), 4),
                "each_per_second": [round(run.rate) for run in runs],
                "each_cpu_us": [round(run.cpu * 1e6) for run in runs],
            }


def depths(root: Path, depth: Depth, rounds: int, book: Book) -> None:
    """The long queue and the short one; then sick hosts among the many of the long one."""
    with place(root / "deep") as deep, place(root / "shallow") as shallow:
        fill_for_later(deep, depth.long_backlog())
        fill_for_later(shallow, depth.short_backlog())
        for _ in range(rounds):
            book.add("new mail, short queue", new_mail(shallow, depth))
            book.add("new mail, long queue", new_mail(deep, depth))
        bring_due(deep)
        for _ in range(rounds):
            with place(root / "short") as short:
                fill_for_later(short, depth.short_backlog())
                bring_due(short)
                book.add("old mail, short queue", old_mail(short, depth.shallow))
            book.add("old mail, long queue", old_mail(deep, depth.shallow))
        for _ in range(rounds):
            for how in ("warm", "killed", "cold"):
                book.add_start(how, restart(deep, how))
            forget_pages(deep / "data")
            book.add("old mail, from a cold disk", old_mail(deep, depth.shallow))
            book.add("many sites, all well", among_many(deep, 2 * depth.messages, sick=False))
            book.add("many sites, 1 in 20 sick", among_many(deep, 2 * depth.messages, sick=True))


def sicknesses(root: Path, each: int, size: int, rounds: int, book: Book) -> None:
    """Twenty destinations."""
    for _ in range(rounds):
        book.add("19 sites alone", among_few(root, "", each, size))
        book.add("19, 1 refuses, 5 tarpits", among_few(root, "refusing", each, size))
        book.add("19, 1 is silent, 5 tarpits", among_few(root, "silent", each, size))


def table(book: Book) -> str:
    """For a page."""
    rows = list(book.rows())
    shown = [name for name in rows[0] if not name.startswith("each")] if rows else []
    lines = [shown, ["---", *["---:"] * (len(shown) - 1)], *[[str(row[name]) for name in shown] for row in rows]]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    starts = [f"restart, {how}: {median(seconds):.2f} s\n" for how, seconds in book.starts.items()]
    return text + "".join(starts) + f"idle: {book.idle / _MIB:.0f} MiB\n"


@contextmanager
def private(directory: Path) -> Iterator[Path]:
    """A directory of our own there; gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="postduif-bounded-", dir=directory))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--deep", default=1_000_000, show_default=True, help="Recipients in the long queue.")
@click.option("--shallow", default=10_000, show_default=True, help="Recipients in the short one.")
@click.option("--domains", default=10_000, show_default=True, help="In the long queue.")
@click.option("--size", default=2048, show_default=True, help="Octets of each body.")
@click.option("--messages", default=10_000, show_default=True, help="New messages in a run.")
@click.option("--each", default=4_000, show_default=True, help="Recipients for each of the twenty destinations.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--part", type=click.Choice(["depth", "sickness"]), help="Only this one. Default: both.")
@click.option(
    "--directory",
    default="/var/tmp",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the queues are: on the disk to be measured.",
)
@click.option("--json", "output", default="bench/results/bounded.json", show_default=True, help="All figures.")
def main(
    deep: int,
    shallow: int,
    domains: int,
    size: int,
    messages: int,
    each: int,
    rounds: int,
    part: str | None,
    directory: Path,
    output: str,
) -> None:
    """Memory, restart, cost, sick hosts, lag of the event loop: each with its figure."""
    book = Book(click.echo)
    try:
        with private(directory) as root:
            book.idle = idle_memory(root)
            if part != "sickness":
                depths(root, Depth(deep, shallow, domains, size, messages), rounds, book)
            if part != "depth":
                sicknesses(root, each, size, rounds, book)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    click.echo(table(book))
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = {"idle_mib": round(book.idle / _MIB), "restart_seconds": book.starts, "runs": list(book.rows())}
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
