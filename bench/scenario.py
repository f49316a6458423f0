"""What is measured: kinds of work, times sizes, times numbers of recipient domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal

Kind = Literal["accept", "submit", "drain"]
KIB = 1024
MAX_OCTETS = 1 << 30


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table.

    accept: submission to the last 250; the next hop never greets, so nothing is delivered.
    submit: submission to the last message at the sink.
    drain: a loaded queue after a restart, from the first to the last message at the sink.
    """

    kind: Kind
    signed: bool
    size: int
    domains: int

    @property
    def name(self) -> str:
        """As `signed-submit-10k-100d`."""
        sign = "signed-" if self.signed else ""
        return f"{sign}{self.kind}-{self.size // KIB}k" + (f"-{self.domains}d" if self.domains > 1 else "")

    def messages(self, rate: float, seconds: float) -> int:
        """How many make a run of some `seconds` at about `rate` a second; one GiB on disk at most."""
        return max(100, min(round(rate * seconds / 100) * 100, MAX_OCTETS // self.size))


def scenarios(sizes: Sequence[int], domains: Sequence[int]) -> list[Scenario]:
    """Every row for these sizes (octets) and numbers of domains; a queue is drained at the smallest size only."""
    rows = [Scenario("accept", signed=False, size=size, domains=1) for size in sizes]
    rows += [Scenario("submit", signed, size, count) for signed in (False, True) for size in sizes for count in domains]
    rows += [Scenario("drain", signed, min(sizes), 1) for signed in (False, True)]
    return rows


def chosen(rows: Sequence[Scenario], patterns: Sequence[str]) -> list[Scenario]:
    """The rows whose name matches one of the patterns (shell style); all when there is no pattern."""
    return [row for row in rows if not patterns or any(fnmatch(row.name, pattern) for pattern in patterns)]
