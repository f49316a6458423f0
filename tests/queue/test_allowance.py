"""How many recipients a mailing may still send at its rate."""

from __future__ import annotations

from postduif.queue.allowance import Allowance


def test_a_rate_is_kept() -> None:
    """A second's worth at most at once; after that one at a time, each when its time has come."""
    rate = Allowance(120)
    assert (rate.take(0.0, 100), rate.left(0.0), rate.wait(0.0)) == (2, 0, 0.5)
    assert (rate.take(0.5, 100), rate.take(0.6, 100)) == (1, 0)
    rate.give_back(1)
    assert (rate.left(0.6), rate.take(60.0, 100)) == (1, 2)


def test_no_limit() -> None:
    """All may go, and whoever waited for an earlier rate is told at once, not one by one."""
    rate = Allowance(0)
    assert (rate.take(0.0, 5_000), rate.wait(0.0)) == (5_000, 0.0)
    assert rate.left(0.0) >= 5_000
