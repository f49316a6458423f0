"""`python -m bench.beside`: whether readers who click slow delivery down. The same mailing, with and without them.

The pages and the MTA are one installation, as `postduif serve` runs it. The readers click on links of the mailing which
is being delivered, at a steady rate, as a process of their own on the same cores. Every click must be on file
afterwards. Runs with and without take turns. All is on 127.0.0.1 and in one private directory, and gone afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click

from bench.errors import BenchError
from bench.house import House
from bench.preparing import prepared
from bench.program import free_port
from bench.public import link_paths, links
from bench.readers import people_for
from bench.sending import measured, see_finished, stage
from postduif.campaign.tracking.figures import figures
from postduif.campaign.tracking.links import write

CONNECTIONS = 32
_AT_MOST = 3600
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Run:
    """One mailing, sent."""

    rate: float
    """Messages a second, from the first at the sink to the last."""
    processor: float
    """Seconds of it a message, of the whole daemon, its pages too."""
    clicks: dict[str, Any]
    """What the readers got, as `bench.clicking` says it; empty when there were none."""
    on_file: int
    """Clicks."""


def run(house: House, rate: int) -> Run:
    """Prepare a mailing and send it, with so many clicks a second beside it; 0: none."""
    house.more = ""  # its mail is the same as without pages: the links are not those that are in it
    house.furnish()
    made = prepared(house)
    write(house.places.prepared(made.number), links())
    paths, port = house.root / "paths", free_port()
    paths.write_text("\n".join(link_paths(house.places.data_dir, made.number, made.took.recipients)))
    house.more = f'\n[web]\npublic_url = "https://news.sender.example"\npublic_address = "127.0.0.1:{port}"\n'
    got: dict[str, Any] = {}
    with stage(house) as place:
        found = measured(place, made, partial(readers, paths, port, rate, got) if rate else nullcontext)
        see_finished(place, made)
    on_file = figures(house.places.data_dir, made.number).all.clicks
    return Run(found.rate, found.cpu_each(), got, on_file)


@contextmanager
def readers(paths: Path, port: int, rate: int, got: dict[str, Any], _: int) -> Iterator[None]:
    """They click until the context ends; then `got` has what they got. Raises BenchError when they fail."""
    command = [sys.executable, "-m", "bench.clicking", paths, port, _AT_MOST, CONNECTIONS, 1, rate]
    words = [str(one) for one in command]
    clicking = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield
        clicking.terminate()
        told, why = clicking.communicate(timeout=_PATIENCE)
    finally:
        clicking.kill()
        clicking.wait()
    if clicking.returncode:
        raise BenchError(f"the readers failed: {why[-500:]}")
    got |= json.loads(told)


@click.command(help=__doc__)
@click.option("--recipients", default=20_000, show_default=True, type=click.IntRange(20), help="Of each mailing.")
@click.option("--rate", default=2000, show_default=True, type=click.IntRange(1), help="Clicks a second.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Runs of each kind.")
@click.option("--directory", default="/var/tmp", show_default=True, help="Where the files are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(recipients: int, rate: int, rounds: int, directory: str, *, as_json: bool) -> None:
    """Print a row for each run."""
    runs = []
    place = tempfile.TemporaryDirectory(prefix="postduif-bench-", dir=directory)
    with place as root, House(Path(root) / "house", people_for(recipients)) as house:
        for number in range(rounds * 2):
            runs.append(run(house, rate if number % 2 else 0))
            if not as_json:
                click.echo(_row(runs[-1]))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in runs], indent=2))
    else:
        without, beside = (median(one.rate for one in runs[kind::2]) for kind in (0, 1))
        click.echo(f"with clicks beside it: {beside / without:.1%} of the messages a second")


def _row(one: Run) -> str:
    told = f"{one.rate:8,.0f} messages/s  {one.processor * 1e6:6,.0f} us of processor a message"
    if not one.clicks:
        return f"{told}  no clicks"
    share = one.on_file / one.clicks["clicks"]
    return told + "  {rate:6,.0f} clicks/s  99% {p99_ms:.1f} ms  {wrong} wrong  {0:.1%} on file".format(
        share, **one.clicks
    )


if __name__ == "__main__":
    main()
