"""What it costs to prepare a mailing. The preparation runs in a process of its own, whose memory is then its own too.

`python -m bench.preparing SETTINGS NUMBER` prepares a mailing that is to be prepared, and prints what it took as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bench.errors import BenchError
from bench.house import WHO, House
from bench.usage import cpu, usage
from postduif.campaign.preparing.doing import do_prepare
from postduif.clock import SystemClock
from postduif.config.load import load
from postduif.errors import PostduifError

_LIMIT = 3600.0


@dataclass(frozen=True, slots=True)
class Preparation:
    """What one took, with the process that reads. Seconds; octets of memory: the most that they had, added up, and what
    there was before it began."""

    people: int
    recipients: int
    wall: float
    processor: float
    memory: int
    memory_before: int

    @property
    def rate(self) -> float:
        """People a second, of all that were looked at."""
        return self.people / self.wall

    @property
    def processor_rate(self) -> float:
        """The same by seconds of processor time."""
        return self.people / self.processor


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mailing that is ready to be sent."""

    number: int
    took: Preparation
    disk: int
    """Octets of its queue file."""

    @property
    def disk_each(self) -> float:
        """Octets of disk a recipient."""
        return self.disk / self.took.recipients


def prepared(house: House) -> Prepared:
    """Make a mailing to everybody and prepare it. Raises BenchError when it may not be sent."""
    number = house.mailing()
    command: list[str | Path] = [sys.executable, "-m", "bench.preparing", house.settings, str(number)]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT)
    if done.returncode:
        raise BenchError(f"a mailing could not be prepared: {done.stderr.decode(errors='replace').strip()}")
    took = Preparation(**json.loads(done.stdout))
    size = sum(file.stat().st_size for file in house.places.prepared(number).iterdir())
    return Prepared(number, took, size)


def _peak() -> int:
    """Of this process and of the largest that has ended; at least what this had when it began that one."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return usage([os.getpid()]).peak_resident + ended  # our own ru_maxrss counts the program that started us, too


def measure(settings: Path, number: int) -> Preparation:
    """Prepare in this process. Raises PostduifError, BenchError."""
    config = load(settings)
    before, wall, processor = _peak(), time.perf_counter(), cpu([os.getpid()])
    report = do_prepare(config, number, WHO, SystemClock())
    wall, processor = time.perf_counter() - wall, cpu([os.getpid()]) - processor
    if report is None:
        raise BenchError("somebody else prepares it")
    if report.errors:
        raise BenchError("; ".join(one.text for one in report.findings if one.level == "error"))
    return Preparation(report.targeted, report.to_deliver, wall, processor, _peak(), before)


@click.command()
@click.argument("settings", type=click.Path(path_type=Path))
@click.argument("number", type=int)
def main(settings: Path, number: int) -> None:
    """Prepare a mailing and print what it took."""
    try:
        click.echo(json.dumps(asdict(measure(settings, number))))
    except (PostduifError, BenchError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
