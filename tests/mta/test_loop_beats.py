"""How late the event loop is, beat by beat."""

from __future__ import annotations

import pytest

from postduif.mta.loop_beats import EVERY, LoopBeats


def test_in_time() -> None:
    """A loop that turns in time hears each beat once, late by what it was late."""
    beats = LoopBeats(100.0)
    assert beats.wait(100.0) == pytest.approx(EVERY)
    assert beats.heard(100.0 + EVERY / 2) == []
    assert beats.heard(100.0 + EVERY + 0.002) == [pytest.approx(0.002)]
    assert beats.wait(100.0 + EVERY + 0.002) == pytest.approx(EVERY - 0.002)


def test_every_missed_beat_counts() -> None:
    """Half a second without a turn is late for every beat of it, the first the most."""
    beats = LoopBeats(0.0)
    late = beats.heard(10.5 * EVERY)
    assert len(late) == 10
    assert late[0] == pytest.approx(9.5 * EVERY)
    assert late[-1] == pytest.approx(0.5 * EVERY)
    assert beats.wait(10.5 * EVERY) == pytest.approx(EVERY / 2)


def test_overdue_is_now() -> None:
    """Who asks after the time waits no longer."""
    assert LoopBeats(0.0).wait(2 * EVERY) == 0.0


def test_a_process_that_was_stopped() -> None:
    """An hour without a turn is counted to an end, and the next beat is in the future again."""
    beats = LoopBeats(0.0)
    assert len(beats.heard(3600.0)) == 200
    assert beats.heard(3600.0) == []
    assert beats.wait(3600.0) == pytest.approx(EVERY)
