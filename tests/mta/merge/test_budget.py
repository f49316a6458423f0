"""What rendering one message may cost."""

from __future__ import annotations

import pytest

from postduif.errors import MergeError
from postduif.mta.merge.budget import LOOKS, MAX_OCTETS, MAX_SECONDS, MAX_STEPS, Budget


class Cpu:
    """A clock that is set by hand, and counts who asks."""

    def __init__(self) -> None:
        self.now = 5.0
        self.asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return self.now


def spend(budget: Budget, steps: int) -> None:
    """So many steps that write nothing."""
    for _ in range(steps):
        budget.spend(0)


def test_octets() -> None:
    """The last octet that is allowed is; one more is not."""
    budget = Budget()
    budget.spend(MAX_OCTETS)
    with pytest.raises(MergeError, match="octets"):
        budget.spend(1)


def test_steps() -> None:
    """Steps end, whatever they write."""
    budget = Budget(Cpu())
    with pytest.raises(MergeError, match="steps"):
        spend(budget, MAX_STEPS + LOOKS)


def test_time() -> None:
    """A message that takes long ends at the next look at the clock; an ordinary one never looks."""
    cpu = Cpu()
    budget = Budget(cpu)
    spend(budget, LOOKS - 1)
    assert cpu.asked == 0
    budget.spend(0)
    cpu.now += MAX_SECONDS * 1.01
    with pytest.raises(MergeError, match="seconds"):
        spend(budget, LOOKS)
