"""What the measurement of classification measures."""

from __future__ import annotations

from bench.classify import SCENARIOS, measure, replies


def test_replies_differ() -> None:
    """No two replies of a run are the same, and another run has the same ones."""
    for scenario in SCENARIOS:
        made = list(replies(scenario, 1000))
        assert len(set(made)) == 1000
        assert made == list(replies(scenario, 1000))


def test_measure() -> None:
    """Each row gives a rate."""
    assert all(measure(scenario, 100) > 0 for scenario in SCENARIOS)
