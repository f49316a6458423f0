"""Figures for people (a table) and for programs (JSON)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from bench.measure import Run
from bench.rounds import Results
from bench.scenario import Scenario

_MIB = 1 << 20


def rate(run: Run) -> float:
    """Messages a second."""
    return run.rate


def cpu_per_message(run: Run) -> float:
    """CPU of the peer, microseconds a message."""
    return run.cpu / run.messages * 1e6


def memory(run: Run) -> float:
    """Memory of the peer at the end, MiB, shared pages counted once."""
    return run.proportional / _MIB


def peak_memory(run: Run) -> float:
    """Sum of the peaks of the peer's processes, MiB; what they share is counted in each."""
    return run.peak_resident / _MIB


FIGURES = {
    "rate": rate,
    "cpu_us_per_message": cpu_per_message,
    "memory_mib": memory,
    "sum_of_peak_rss_mib": peak_memory,
}
_COLUMNS = (("msg/s", rate, ",.0f"), ("CPU us/msg", cpu_per_message, ",.0f"), ("MiB", memory, ",.0f"))


def ratio(results: Results, scenario: str, ours: str, theirs: str) -> float | None:
    """How many times the rate of the one the rate of the other is; None when one is missing."""
    mine, other = results.median(ours, scenario, rate), results.median(theirs, scenario, rate)
    return mine / other if mine and other else None


def headings(peers: Sequence[str], ours: str = "postduif") -> list[str]:
    """Of the columns of the table."""
    others = [peer for peer in peers if peer != ours] if ours in peers else []
    figures = [f"{peer}\n{heading}" for peer in peers for heading, _, _ in _COLUMNS]
    return ["scenario", *figures, *[f"{ours} /\n{other}" for other in others]]


def cells(results: Results, row: Scenario, peers: Sequence[str], ours: str = "postduif") -> list[str]:
    """Of one row of the table: rate, CPU per message, memory of each peer, our rate as a multiple of theirs."""
    found = [(results.median(peer, row.name, figure), form) for peer in peers for _, figure, form in _COLUMNS]
    others = [peer for peer in peers if peer != ours] if ours in peers else []
    ratios = [ratio(results, row.name, ours, other) for other in others]
    figures = ["" if value is None else format(value, form) for value, form in found]
    return [row.name, *figures, *["" if value is None else f"{value:.1f}x" for value in ratios]]


def table(results: Results, rows: Sequence[Scenario], peers: Sequence[str]) -> Table:
    """A row per scenario, for the terminal."""
    rounds = max((len(runs) for runs in results.runs.values()), default=0)
    page = Table(title=f"Median of {rounds} run{'s' if rounds != 1 else ''}")
    for number, heading in enumerate(headings(peers)):
        page.add_column(heading, justify="right" if number else "left")
    for row in rows:
        page.add_row(*cells(results, row, peers))
    return page


def markdown(results: Results, rows: Sequence[Scenario], peers: Sequence[str]) -> str:
    """The same table for docs/performance.md."""
    names = [heading.replace("\n", " ") for heading in headings(peers)]
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *[cells(results, row, peers) for row in rows]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_json(results: Results, context: dict[str, Any], ours: str = "postduif") -> dict[str, Any]:
    """Everything that was measured: context, medians, ratios and each single run."""
    scenarios: dict[str, Any] = {}
    for (scenario, peer), runs in results.runs.items():
        scenarios.setdefault(scenario, {})[peer] = {
            "median": {name: results.median(peer, scenario, figure) for name, figure in FIGURES.items()},
            "runs": [asdict(run) for run in runs],
        }
    for scenario, peers in scenarios.items():
        others = [peer for peer in peers if peer != ours]
        peers["ratio"] = {other: ratio(results, scenario, ours, other) for other in others}
    return {"context": context, "scenarios": scenarios}
