"""`python -m bench.bounces`: how many bounces a second are read and classified, on one core.

Reads files, one mail each, into memory and goes over them again and again. Needs no other program and no network.
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bench.errors import BenchError
from postduif.bounce.score import facts

LETTERS = Path(__file__).parents[1] / "tests" / "bounce" / "letters"


@dataclass(frozen=True, slots=True)
class Speed:
    """Figures of one run; times are CPU time."""

    mails: int
    bytes: int
    per_second: float
    median_ms: float
    slowest_ms: float
    slowest: str


def measure(folder: Path, seconds: float) -> Speed:
    """Read all mails of the folder for about so long, once at least. The first round loads rules and does not count."""
    mails = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    if not mails:
        raise BenchError(f"{folder}: no mails there; name a folder with one mail in each file")
    for content in mails.values():
        facts(content)
    best = dict.fromkeys(mails, float("inf"))
    rounds = 0
    started = time.process_time()
    while rounds == 0 or time.process_time() - started < seconds:
        for name, content in mails.items():
            begun = time.process_time()
            facts(content)
            best[name] = min(best[name], time.process_time() - begun)
        rounds += 1
    rate = rounds * len(mails) / (time.process_time() - started)
    slowest = max(best, key=lambda name: best[name])
    return Speed(
        mails=len(mails),
        bytes=sum(map(len, mails.values())),
        per_second=round(rate),
        median_ms=round(statistics.median(best.values()) * 1000, 3),
        slowest_ms=round(best[slowest] * 1000, 3),
        slowest=slowest,
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--mails",
    "folder",
    default=LETTERS,
    show_default="the letters of the tests",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with one mail in each file.",
)
@click.option("--seconds", default=5.0, show_default=True, help="About how long to measure.")
def main(folder: Path, seconds: float) -> None:
    """Print the figures as JSON."""
    try:
        click.echo(json.dumps(asdict(measure(folder, seconds)), indent=2))
    except BenchError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
