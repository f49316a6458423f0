"""Figures are medians, and ratios are of medians."""

from __future__ import annotations

import io

from rich.console import Console

from bench.measure import Run
from bench.report import as_json, markdown, table
from bench.rounds import Results, in_turn
from bench.scenario import Scenario

MIB = 1 << 20
ROW = Scenario("accept", signed=False, size=10240, domains=1)


def results() -> Results:
    """Three runs of each of two peers: 100, 200, 50 messages a second, and ten times as much."""
    found = Results()
    for messages in (100, 200, 50):
        found.add("postfix", ROW.name, Run(messages, 1.0, 0.1, 10 * MIB, 20 * MIB))
        found.add("postduif", ROW.name, Run(messages * 10, 1.0, 0.1, 30 * MIB, 40 * MIB))
    return found


def test_json() -> None:
    """The JSON has medians, ratios and every run."""
    page = as_json(results(), {"machine": "x"})
    row = page["scenarios"]["accept-10k"]
    assert row["postfix"]["median"]["rate"] == 100.0
    assert row["postfix"]["median"]["cpu_us_per_message"] == 1000.0
    assert row["postduif"]["median"]["memory_mib"] == 30.0
    assert row["ratio"] == {"postfix": 10.0}
    assert [run["messages"] for run in row["postduif"]["runs"]] == [1000, 2000, 500]
    assert page["context"] == {"machine": "x"}


def test_table() -> None:
    """The table shows both rates and how many times one is the other; what was not measured stays empty."""
    output = io.StringIO()
    missing = Scenario("drain", signed=True, size=10240, domains=1)
    console = Console(file=output, width=160)
    console.print(table(results(), [ROW, missing], ["postfix", "postduif"]))
    lines = output.getvalue().splitlines()
    accept = next(line for line in lines if "accept-10k" in line)
    assert "10.0x" in accept
    assert "1,000" in accept
    assert next(line for line in lines if "signed-drain-10k" in line)


def test_markdown() -> None:
    """The table for a page has a line of headings, a line of alignment and a line per scenario, all of one width."""
    lines = markdown(results(), [ROW], ["postfix", "postduif"]).splitlines()
    assert lines[0].startswith("| scenario | postfix msg/s | ")
    assert lines[2].startswith("| accept-10k | 100 | 1,000 | 10 | 1,000 | 100 | 30 | 10.0x |")
    assert len({line.count("|") for line in lines}) == 1


def test_one_peer_has_no_ratio() -> None:
    """Alone, a peer is compared with nobody."""
    page = as_json(results(), {}, ours="nobody")
    assert page["scenarios"]["accept-10k"]["ratio"] == {"postfix": None, "postduif": None}


def test_peers_take_turns() -> None:
    """Each round begins with another peer."""

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    peers = [Named("a"), Named("b")]
    orders = [[peer.name for peer in in_turn(peers, number)] for number in range(3)]  # type: ignore[arg-type]
    assert orders == [["a", "b"], ["b", "a"], ["a", "b"]]
