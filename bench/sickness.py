"""What sick hosts cost the others: one destination in twenty is dead, five are tarpits."""

from __future__ import annotations

import time
from pathlib import Path

from bench.backlog import Backlog, fill
from bench.daemon import Daemon
from bench.depth import place
from bench.field import Field
from bench.stretch import Stretch, draining

WELL = 19
TARPITS = 5


def domains(dead: str) -> list[str]:
    """Twenty destinations, one of them dead ("refusing" or "silent"), and five tarpits; "": the well ones alone."""
    well = [f"domain{number}.example" for number in range(WELL)]
    return [*well, f"{dead}-1.example", *[f"tarpit-{number}.example" for number in range(TARPITS)]] if dead else well


def among_few(root: Path, dead: str, each: int, size: int) -> Stretch:
    """A queue with as much for each destination; what the well ones get between a tenth and nine tenths of theirs."""
    names = domains(dead)
    with place(root / "few") as home, Field(home / "field", sick=True) as field:
        fill(home / "data", Backlog(each * len(names), names, size), time.time())
        with Daemon(home, field.port, by_mx=True) as daemon:
            return draining(daemon, field, WELL * each // 10, WELL * each * 9 // 10)


def among_many(home: Path, messages: int, *, sick: bool) -> Stretch:
    """The long queue, every domain a site of its own. What those that are always well get."""
    with Field(home / "field", sick=sick) as field, Daemon(home, field.port, by_mx=True) as daemon:
        return draining(daemon, field, messages // 10, messages)
