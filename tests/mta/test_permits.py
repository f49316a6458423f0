"""Permits: what a site has in use, whoever asks and by whichever reading of the settings."""

from __future__ import annotations

from postduif.config.schema import Config
from postduif.config.units import Rate
from postduif.mta.limits import Limits, limits_of
from postduif.mta.permits import Permits
from postduif.mta.sites import Site

OLD, NEW = 1, 2


def limits(**changed: object) -> Limits:
    """The default limits, changed."""
    return limits_of(Config.model_validate({"server": {"hostname": "mta.example"}, "delivery": changed}))


def site(edition: int, **changed: object) -> Site:
    """One site as a reading of the settings has it."""
    return Site("big", limits(**changed), edition)


def sent(permits: Permits, site: Site, seconds: int) -> int:
    """How many messages a site may have in so many seconds, tried ten times a second."""
    return sum(permits.send(site, tenth / 10) for tenth in range(seconds * 10))


def test_connections_are_counted_and_given_back() -> None:
    """No more than the limit at once."""
    permits, one = Permits(), site(OLD, connections=2)
    assert [permits.connect(one, 0.0) for _ in range(3)] == [True, True, False]
    permits.disconnect(one)
    assert permits.connections(one) == 1
    assert permits.connect(one, 0.0)


def test_two_readings_of_one_site_share_the_newer_limits() -> None:
    """A Route that still has old settings neither resets the count nor exceeds the new rate and limit."""
    permits = Permits()
    old, new = site(OLD, message_rate="10/s", connections=5), site(NEW, message_rate="1/s", connections=1)
    assert permits.send(old, 0.0)
    taken = sum(permits.send(which, tenth / 10) for tenth in range(1, 101) for which in (old, new))
    assert 9 <= taken <= 11
    assert permits.connect(old, 0.0)
    assert not permits.connect(new, 0.0)
    assert not permits.connect(old, 0.0)


def test_a_new_rate_holds_at_once() -> None:
    """Who waited an hour for the next message waits no longer than the new rate asks."""
    permits, slow, fast = Permits(), site(OLD, message_rate="1/h"), site(NEW, message_rate="1/s")
    assert sent(permits, slow, 10) == 1
    assert permits.wait(fast, 10.0, connected=True) == 1.0
    assert permits.send(fast, 11.0)


def test_a_rate_taken_away_holds_nothing() -> None:
    """Without a rate nothing waits; with one again what comes first goes."""
    permits = Permits()
    assert sent(permits, site(1, message_rate="1/h"), 10) == 1
    assert sent(permits, site(2), 10) == 100
    assert sent(permits, site(3, message_rate=Rate(1, 60.0)), 10) == 1
