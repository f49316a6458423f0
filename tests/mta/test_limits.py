"""Limits: what a site's settings change, and rates that are never exceeded and always reached."""

from __future__ import annotations

import pytest

from postduif.config.schema import Config, Delivery, Site
from postduif.config.units import Rate
from postduif.mta.limits import BURST, Limits, RateLimit, limits_of


def _taken(limit: RateLimit, start: float, seconds: float, step: float) -> list[float]:
    """The times at which a caller that looks every `step` seconds gets through."""
    times, now = [], start
    while now < start + seconds:
        while limit.wait(now) == 0:
            limit.take(now)
            times.append(now)
        now += step
    return times


def _most(times: list[float], seconds: float) -> int:
    """The most events in any stretch of `seconds`."""
    return max(sum(1 for other in times if start <= other < start + seconds) for start in times)


def test_without_a_site_the_limits_are_those_of_delivery() -> None:
    """Every limit has the value that [delivery] gives it."""
    config = Config(delivery=Delivery(connections=7, message_rate="100/m", tls="required"))
    assert limits_of(config) == Limits(7, 100, Rate(100, 60.0), None, 5.0, 100, "required")


def test_a_site_changes_what_it_sets_and_nothing_else() -> None:
    """What [[site]] leaves out stays as in [delivery]."""
    config = Config(delivery=Delivery(connections=7, connection_rate="5/s"))
    site = Site(name="slow", connections=1, message_rate="10/h", messages_per_connection=0, idle_time=0)
    assert limits_of(config, site) == Limits(1, 0, Rate(10, 3600.0), Rate(5, 1.0), 0.0, 100, "opportunistic")


def test_a_site_may_lift_a_rate() -> None:
    """An empty rate in [[site]] is no limit, whatever [delivery] says."""
    config = Config(delivery=Delivery(message_rate="10/h"))
    assert limits_of(config, Site(name="fast", message_rate="")).message_rate is None


def test_no_rate_never_waits() -> None:
    """None is no limit."""
    limit = RateLimit(None)
    limit.take(0.0, 1_000_000)
    assert limit.wait(0.0) == 0


def test_events_keep_their_distance() -> None:
    """Six a minute is one every ten seconds, the first at once."""
    limit = RateLimit(Rate(6, 60.0))
    assert limit.wait(1000.0) == 0
    limit.take(1000.0)
    assert limit.wait(1000.0) == pytest.approx(10.0)
    assert limit.wait(1004.0) == pytest.approx(6.0)
    assert limit.wait(1010.0) == 0


def test_time_unused_is_not_saved_up() -> None:
    """After an idle hour there is no burst."""
    limit = RateLimit(Rate(6, 60.0))
    limit.take(0.0)
    limit.take(3600.0)
    assert limit.wait(3600.0) == pytest.approx(10.0)


@pytest.mark.parametrize("rate", [Rate(1, 60.0), Rate(100, 60.0), Rate(50, 1.0), Rate(1000, 1.0), Rate(5000, 10.0)])
@pytest.mark.parametrize("step", [0.001, 0.013, 0.09])
def test_a_rate_is_reached_and_not_exceeded(rate: Rate, step: float) -> None:
    """A caller that looks every 1 to 90 ms gets the full rate, and in no stretch more than it and one short burst."""
    seconds = min(rate.seconds, 3.0)
    events = rate.events * seconds / rate.seconds
    times = _taken(RateLimit(rate), 1_800_000_000.0, seconds, step)
    assert len(times) >= int(events * (1 - step / seconds)) - 1
    assert _most(times, seconds) <= events + max(BURST * rate.events / rate.seconds, 1)


def test_several_at_once_make_the_later_ones_wait() -> None:
    """Five taken together use the time of five."""
    limit = RateLimit(Rate(10, 10.0))
    limit.take(0.0, 5)
    assert limit.wait(0.0) == pytest.approx(5.0)


def test_after_the_wait_it_is_allowed() -> None:
    """Waiting exactly what was said is enough, however the floats round."""
    limit, now = RateLimit(Rate(7, 60.0)), 1_800_000_000.1
    for _ in range(1000):
        limit.take(now)
        now += limit.wait(now)
        assert limit.wait(now) == 0
