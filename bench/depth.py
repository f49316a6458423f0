"""What a long queue costs: memory, the time after a restart, and each message, against a short one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.backlog import SPREAD, Backlog, fill, forget_pages, hasten
from bench.daemon import Daemon
from bench.field import Field
from bench.load import Load
from bench.stretch import Stretch, draining, passing
from bench.usage import usage

AWAY = 4 * 3600.0
"""Seconds until all is due, when nothing of it is to be due for now: as far as the retry schedule goes."""
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Depth:
    """How long the queues are, and how much of them is delivered in one run."""

    deep: int
    shallow: int
    domains: int
    """Of the deep one; the short one has as many recipients for each."""
    size: int
    messages: int

    def short_backlog(self) -> Backlog:
        """The queue to compare with."""
        count = max(1, self.domains * self.shallow // self.deep)
        return Backlog(self.shallow, names(self.domains)[:count], self.size)

    def long_backlog(self) -> Backlog:
        """The queue that is measured."""
        return Backlog(self.deep, names(self.domains), self.size)


def names(domains: int) -> list[str]:
    """Of so many domains, one in twenty is sick, refusing and silent in turn; five others are tarpits."""
    kinds = [
        "refusing" if number % 40 == 19 else "silent" if number % 40 == 39 else "domain" for number in range(domains)
    ]
    for number in range(5):
        kinds[number * (domains // 5)] = "tarpit"
    return [f"{kind}{'' if kind == 'domain' else '-'}{number}.example" for number, kind in enumerate(kinds)]


@contextmanager
def place(root: Path) -> Iterator[Path]:
    """A directory for a daemon, with an empty data directory; gone afterwards."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "data").mkdir(mode=0o700, parents=True)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def idle_memory(root: Path) -> int:
    """Octets that a daemon with an empty queue has, of all its processes."""
    with (
        place(root / "idle") as home,
        Field(home / "field", sick=False) as field,
        Daemon(home, field.port, by_mx=True) as daemon,
    ):
        daemon.ready()
        time.sleep(_PATIENCE)
        return usage([daemon.pid]).proportional


def new_mail(home: Path, depth: Depth) -> Stretch:
    """New mail passes the queue, of which nothing is due."""
    with Field(home / "field", sick=False) as field, Daemon(home, field.port, by_mx=False) as daemon:
        return passing(daemon, field, Load(depth.messages, depth.size, 100))


def old_mail(home: Path, messages: int, *, by_mx: bool = False) -> Stretch:
    """The queue itself is delivered, the first tenth not counted."""
    with Field(home / "field", sick=False) as field, Daemon(home, field.port, by_mx=by_mx) as daemon:
        return draining(daemon, field, messages // 10, messages)


def restart(home: Path, how: str) -> float:
    """Seconds from the start of the program to the first message at a host, every domain a site of its own.

    `how`: "cold", nothing of the file is in the system's memory; "killed", after a SIGKILL amid delivery; "warm".
    """
    with Field(home / "field", sick=False) as field:
        if how == "killed":
            with Daemon(home, field.port, by_mx=True) as daemon:
                field.wait(200, daemon.check)
                daemon.kill()
        if how == "cold":
            forget_pages(home / "data")
    with Field(home / "field", sick=False) as field, Daemon(home, field.port, by_mx=True) as daemon:
        return field.wait(1, daemon.check).first - daemon.started


def fill_for_later(home: Path, backlog: Backlog) -> None:
    """Nothing of it is due within the next half hour."""
    fill(home / "data", backlog, time.time() + AWAY)


def bring_due(home: Path) -> None:
    """All of it is due now."""
    hasten(home / "data", AWAY + SPREAD / 100)
