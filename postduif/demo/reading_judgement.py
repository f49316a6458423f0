"""Compares what readers of the demonstration's mailing did with what its results say of them. Pure: all is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postduif.demo.habits import Habit
from postduif.demo.judgement import Finding, compared, first_of

_FIGURES: Mapping[str, tuple[str, tuple[Habit, ...]]] = {
    "opened": ("opened it", (Habit.OPENS, Habit.CLICKS, Habit.LEAVES, Habit.COMPLAINS)),
    "clicked": ("clicked a link", (Habit.CLICKS,)),
    "viewed": ("read it as a page", (Habit.WEB,)),
    "opened_with_machines": (
        "opened, with machines",
        (Habit.OPENS, Habit.CLICKS, Habit.LEAVES, Habit.COMPLAINS, Habit.PROXIED, Habit.FILTERED),
    ),
    "clicked_with_machines": ("clicked, with machines", (Habit.CLICKS, Habit.FILTERED)),
    "unsubscribed": ("unsubscribed, by one click", (Habit.LEAVES,)),
    "complained": ("complained", (Habit.COMPLAINS,)),
    "bounced": ("came back later", (Habit.BOUNCES,)),
    "answered": ("absence notes", (Habit.ANSWERS,)),
}
"""Figure of the results: what it is called here, and the habits of those who are in it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the readers say."""

    prompt: Mapping[str, Habit]
    """Who was to read at once."""
    played: Counter[Habit]
    """Who did, and had the answers that they must have."""
    troubles: Sequence[str]

    @property
    def wanted(self) -> dict[str, int]:
        """What the figures must be, by name."""
        return {name: sum(self.played[one] for one in habits) for name, (_, habits) in _FIGURES.items()}


def seen_in(results: Mapping[str, Any]) -> dict[str, int]:
    """The same of `mailing results --json`."""
    lines = [*results["figures"], *(results["reading"] or {"figures": []})["figures"]]
    found = {line["name"]: line["value"] for line in lines}
    return {name: found.get(name, 0) for name in _FIGURES}


def judge_reading(read: Read, results: Mapping[str, Any]) -> list[Finding]:
    """Each figure that readers move."""
    seen, wanted = seen_in(results), read.wanted
    return [
        compared(
            "read it within seconds", read.played.total(), len(read.prompt), lambda: f"first: {first_of(read.troubles)}"
        ),
        *(
            compared(words, seen[name], wanted[name], lambda: "see `postduif mailing results`")
            for name, (words, _) in _FIGURES.items()
        ),
    ]
