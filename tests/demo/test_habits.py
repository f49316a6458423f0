"""What readers of the demonstration do: some of each habit, people late enough to be people."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from postduif.demo.habits import AT_ONCE, PERSON, Act, Habit, deeds, habit_of, prompt_ones


def test_prompt_ones() -> None:
    """Also among few there is somebody of each habit; the same people do the same each time."""
    addresses = [f"reader{number}@a.example" for number in range(40)]
    chosen = prompt_ones(addresses, 30)
    assert chosen == prompt_ones(addresses, 30)
    assert list(chosen) == addresses[:30]
    assert set(chosen.values()) == set(Habit)


def test_shares() -> None:
    """Most do nothing, many open, few complain."""
    found = Counter(habit_of(Random(number)) for number in range(5000))
    assert found[Habit.NOTHING] > found[Habit.OPENS] > found[Habit.LEAVES] > found[Habit.COMPLAINS] > 0


@pytest.mark.parametrize("habit", Habit)
@pytest.mark.parametrize("prompt", [True, False])
def test_deeds(habit: Habit, prompt: bool) -> None:
    """In their order; programs come at once, people later than the five seconds of machines."""
    done = deeds(habit, Random(1), prompt=prompt)
    assert [deed.after for deed in done] == sorted(deed.after for deed in done)
    assert bool(done) == (habit is not Habit.NOTHING)
    if habit in (Habit.PROXIED, Habit.FILTERED):
        assert [deed.after for deed in done] == [AT_ONCE]
    elif not any(deed.act is Act.ANSWER for deed in done):
        assert all(deed.after >= PERSON for deed in done)
