"""The judgement of what readers did: right when the figures have it, and what is missing is found."""

from __future__ import annotations

from collections import Counter
from typing import Any

from postduif.demo.habits import Habit
from postduif.demo.reading_judgement import Read, judge_reading, seen_in

PROMPT = dict(zip("abcdefghij", Habit, strict=True))
READ = Read(PROMPT, Counter(PROMPT.values()), [])


def results(**changed: int) -> dict[str, Any]:
    """Of `mailing results --json`."""
    figures = {"unsubscribed": 1, "complained": 1, "bounced": 1, "answered": 1}
    reading = {"opened": 4, "clicked": 1, "viewed": 1, "opened_with_machines": 6, "clicked_with_machines": 2}
    return {
        "figures": [{"name": name, "value": changed.get(name, value)} for name, value in figures.items()],
        "reading": {"figures": [{"name": name, "value": changed.get(name, value)} for name, value in reading.items()]},
    }


def test_all_right() -> None:
    """Nothing is wrong."""
    assert seen_in(results()) == READ.wanted
    assert [one.trouble for one in judge_reading(READ, results()) if one.trouble] == []


def test_what_is_wrong() -> None:
    """A figure that is not as they did, and a reader who could not, are named."""
    wrong = [one.name for one in judge_reading(READ, results(clicked=0, unsubscribed=0)) if one.trouble]
    assert wrong == ["clicked a link", "unsubscribed, by one click"]
    (trouble,) = [
        one.trouble
        for one in judge_reading(Read(PROMPT | {"k": Habit.OPENS}, READ.played, ["k: 503"]), results())
        if one.trouble
    ]
    assert trouble.endswith("first: k: 503")


def test_nothing_was_tracked() -> None:
    """Then the figures are 0."""
    assert seen_in({"figures": [], "reading": None})["opened"] == 0
