"""Which keys are due: against the plain way to find out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postduif.queue.schedule_index import ScheduleIndex

steps = st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 20)), st.integers(0, 20)))


@given(steps)
def test_it_says_what_a_search_through_all_would_say(steps: list[tuple[str, int | None, int]]) -> None:
    """due and next agree with a plain dict, also when the time goes back."""
    index: ScheduleIndex[str] = ScheduleIndex()
    plain: dict[str, float] = {}
    for key, due, now in steps:
        index.set(key, due)
        if due is None:
            plain.pop(key, None)
        else:
            plain[key] = due
        assert sorted(index.due(now)) == sorted(key for key, due in plain.items() if due <= now)
        assert index.next() == min((due for due in plain.values() if due > now), default=None)
        assert len(index) == len(plain)


def test_the_heap_stays_small() -> None:
    """A key set again and again does not fill the memory."""
    index: ScheduleIndex[str] = ScheduleIndex()
    for number in range(10_000):
        index.set("a", number)
    assert len(index._heap) < 100
    assert index.next() == 9999


def test_those_that_came_up_first_come_first() -> None:
    """The order is that in which they became due."""
    index: ScheduleIndex[str] = ScheduleIndex()
    for key, due in (("b", 3), ("a", 5), ("c", 4)):
        index.set(key, due)
    assert index.due(10) == ["b", "c", "a"]


@given(steps)
def test_what_came_due_is_told_once(steps: list[tuple[str, int | None, int]]) -> None:
    """came_due gives what due has and had not when it was asked before, whenever the time does not go back."""
    index: ScheduleIndex[str] = ScheduleIndex()
    whole: ScheduleIndex[str] = ScheduleIndex()
    known: set[str] = set()
    now = 0
    for key, due, wait in steps:
        left = due is None or due > now
        for one in (index, whole):
            one.set(key, due)
        known -= {key} if left else set()
        now += wait
        came, all_due = index.came_due(now), set(whole.due(now))
        assert len(came) == len(set(came))
        assert set(came) == all_due - known
        known = all_due
