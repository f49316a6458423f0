"""Rounds of runs, the peers in turn, so that what changes on the machine meanwhile meets them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.measure import Bench, Run
from bench.peer import Peer
from bench.proof import check
from bench.scenario import Scenario


@dataclass(slots=True)
class Results:
    """The runs of every peer in every scenario, in the order they were made."""

    runs: dict[tuple[str, str], list[Run]] = field(default_factory=dict)

    def add(self, peer: str, scenario: str, run: Run) -> None:
        """Notes one more run."""
        self.runs.setdefault((scenario, peer), []).append(run)

    def median(self, peer: str, scenario: str, figure: Callable[[Run], float]) -> float | None:
        """The median of a figure over the runs; None when there was none."""
        runs = self.runs.get((scenario, peer))
        return median(figure(run) for run in runs) if runs else None


def in_turn(peers: Sequence[Peer], number: int) -> list[Peer]:
    """The peers in the order of this round: each goes first in its turn."""
    first = number % len(peers)
    return [*peers[first:], *peers[:first]]


def measure(
    bench: Bench,
    peers: Sequence[Peer],
    rows: Sequence[Scenario],
    rounds: int,
    messages: int | None,
    say: Callable[[str], None],
) -> Results:
    """All rounds. The number of messages of a peer in a scenario is found in its first run and kept."""
    results = Results()
    for number in range(rounds):
        for row in rows:
            for peer in in_turn(peers, number):
                earlier = results.runs.get((row.name, peer.name))
                run = bench.run(peer, row, messages or (earlier[0].messages if earlier else None))
                if row.kind != "accept":
                    kept = bench.root / "sink" / "first.eml"
                    check(kept.read_bytes(), bench.key, signed=row.signed)
                results.add(peer.name, row.name, run)
                say(f"round {number + 1}  {row.name:<24} {peer.name:<10} {run.rate:8,.0f}/s")
    return results
