"""Over the domains, over time, and how fast it goes."""

from __future__ import annotations

from postduif.campaign.results.spread import HOUR, MOST_BUCKETS, Speed, by_domain, over_time, speed
from postduif.campaign.results.tally import Tally
from tests.campaign.results.made import START, happens, in_memory, person

PEOPLE = [person(n + 1, f"p{n}@{'one' if n < 6 else 'two'}.example", seed=n == 5) for n in range(9)]


def test_by_domain() -> None:
    """The largest first, each with its figures and the median from the start to the 250; without seeds."""
    connection = in_memory(PEOPLE)
    for number, at in ((0, 1.0), (1, 30.0), (2, 5.5), (5, 999.0)):
        happens(connection, number, "delivered", START + at)
    happens(connection, 2, "bounced", START + 600)
    happens(connection, 6, "deferred")
    happens(connection, 7, "failed", category="spam")
    one, two = by_domain(Tally(connection))
    assert one == ("one.example", 5, 2, 1, 0, 0, 0, 0, 2, 0, 15.5)
    assert two == ("two.example", 3, 0, 0, 1, 0, 0, 0, 2, 1, None)
    assert by_domain(Tally(connection), limit=1) == [one]


def test_over_time() -> None:
    """From the start of the mailing, with the buckets in which nothing ended; a late bounce is where it came."""
    connection = in_memory(PEOPLE)
    for number, at in ((0, 1.0), (1, 59.9), (2, 60.0), (3, 200.0), (5, 61.0)):
        happens(connection, number, "delivered", START + at)
    happens(connection, 0, "bounced", START + 70)
    told = over_time(Tally(connection))
    assert [one.start for one in told] == [START, START + 60, START + 120, START + 180]
    assert [(one.delivered, one.bounced) for one in told] == [(1, 0), (1, 1), (0, 0), (1, 0)]
    assert [one.delivered for one in over_time(Tally(connection), HOUR)] == [3]
    happens(connection, 0, "bounced", START + 60.0 * (MOST_BUCKETS + 5))
    assert over_time(Tally(connection))[-1].bounced == 1
    assert len(over_time(Tally(connection))) == MOST_BUCKETS
    assert over_time(Tally(in_memory(PEOPLE))) == []


def test_speed() -> None:
    """Attempts and deliveries of the last minute; what comes later by mail is no attempt."""
    connection = in_memory(PEOPLE)
    happens(connection, 0, "delivered", START + 10)
    happens(connection, 1, "delivered", START + 100)
    happens(connection, 2, "deferred", START + 101)
    happens(connection, 0, "bounced", START + 101)
    happens(connection, 3, "delivered", START + 150)
    assert speed(connection, START + 120) == Speed(60.0, 2, 1)
    assert speed(connection, START + 1000) == Speed(60.0, 0, 0)
