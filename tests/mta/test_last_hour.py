"""The last hour in figures, from the counters that are there."""

from __future__ import annotations

from postduif.mta.last_hour import LastHour
from postduif.mta.metrics import ATTEMPTS, RECEIVED_RECIPIENTS
from tests.fakes import FakeClock


def test_minutes_and_the_rate_of_now() -> None:
    """What came in and went out stands in its minute; what is older than the hour is in no figure."""
    clock = FakeClock(1_800_000_000.0)  # a whole minute
    hour = LastHour(clock)
    for minute in range(70):
        RECEIVED_RECIPIENTS.labels("hour").inc(2)
        ATTEMPTS.labels("hour", "delivered", "2yz").inc(minute)
        ATTEMPTS.labels("hour", "ambiguous", "4yz").inc()
        for _ in range(6):
            clock.advance(10)
            hour.look()
    figures = hour.figures()
    assert len(figures["minutes"]) == 60
    assert [one["delivered"] for one in figures["minutes"]] == list(range(10, 70))
    assert figures["hour"] == {"received": 120, "delivered": sum(range(10, 70)), "deferred": 60, "failed": 0}
    assert figures["since"] == clock.time() - 3600
    assert figures["lately"] == {"received": 0, "delivered": 0, "deferred": 0, "failed": 0}
    ATTEMPTS.labels("hour", "expired", "4yz").inc(30)
    clock.advance(5)
    figures = hour.figures()
    assert (figures["lately"]["failed"], figures["seconds"]) == (30, 15)
    assert figures["hour"]["failed"] == 30


def test_it_says_since_when() -> None:
    """What began a moment ago knows no more; a clock that is set back begins anew."""
    clock = FakeClock(1_800_000_005.0)
    hour = LastHour(clock)
    clock.advance(30)
    hour.look()
    assert hour.figures()["since"] == 1_800_000_005.0
    clock.jump(-4000)
    hour.look()
    assert hour.figures()["since"] == clock.time()
    assert hour.figures()["minutes"] == []
