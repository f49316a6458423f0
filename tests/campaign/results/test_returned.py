"""What came back, by what it means, with the words that were said."""

from __future__ import annotations

import pytest

from postduif.campaign.results.curves import FIRST, Ended, ended, read, width_of
from postduif.campaign.results.returned import addresses_of, meanings, plain, returned
from postduif.campaign.results.spread import Bucket
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.campaign.tracking.figures import OfHour
from tests.campaign.results.made import START, happens, in_memory, person


def came_back() -> Tally:
    """0 and 1 are unknown, 2 came back full, 3 was too full, 4 got it; a seed failed."""
    connection = in_memory(
        [*(person(n + 1, f"p{n}@one.example") for n in range(5)), person(9, "s@z.example", seed=True)]
    )
    for number in (0, 1):
        text = f"<p{number}@one.example>: unknown user 4f{number}a99b12x"
        happens(connection, number, "failed", code=550, enhanced="5.1.1", text=text, category="recipient_unknown")
    happens(connection, 2, "delivered", code=250)
    happens(connection, 2, "bounced", START + 99, code=552, text="full", category="mailbox_full")
    happens(connection, 3, "failed", code=552, text="full", category="mailbox_full")
    happens(connection, 4, "delivered", code=250)
    happens(connection, 5, "failed", code=550, text="no", category="spam")
    return Tally(connection)


def test_meanings() -> None:
    """The most first, each with class, states, and what was said without address and ticket."""
    full, unknown = sorted(meanings(came_back()), key=lambda one: one.category)
    assert (unknown.people, unknown.weight, unknown.counts) == (2, "hard", {State.FAILED: 2})
    assert [(one.words, one.times) for one in unknown.said] == [("550 5.1.1 …: unknown user …", 2)]
    assert (full.people, full.weight, full.counts) == (2, "soft", {State.BOUNCED: 1, State.FAILED: 1})
    assert [(one.words, one.times) for one in full.said] == [("552 full", 2)]


def test_who() -> None:
    """Those of one meaning or any, by the page; seeds are none of them."""
    tally = came_back()
    assert [one.number for one in returned(tally, "mailbox_full")] == [2, 3]
    assert [one.number for one in returned(tally, "", after=0, limit=2)] == [1, 2]
    assert addresses_of(tally) == {n + 1: f"p{n}@one.example" for n in range(4)}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550 <a@b.example> no", "550 … no"),
        ("452 4.2.2 a.b@c.example full (id 1tKxyz-0001Ab-2C)", "452 4.2.2 … full (id …)"),
        ("421 later", "421 later"),
    ],
)
def test_plain(reply: str, words: str) -> None:
    """What is another in each reply goes, what is the same stays."""
    assert plain(reply) == words


def test_curves() -> None:
    """Only what lies within; empty steps at the end go, those between stay; a long time is told by the day."""
    buckets = [Bucket(START + 60 * n, int(n in (0, 2)), 0, int(n == 9), 0, 0, 0) for n in range(10)]
    assert ended(buckets, 300) == [
        Ended(START, 1, 0, 0),
        Ended(START + 60, 0, 0, 0),
        Ended(START + 120, 1, 0, 0),
    ]
    assert sum(one.returned for one in ended(buckets, 1e9)) == 1
    assert ended([], 60) == read([], START, 60) == []
    hours = [OfHour(int(START // 3600 + n) * 3600, 5, 5, 2, 1) for n in (0, 3, 900)]
    first = read(hours, START, FIRST)
    assert [(one.opens, one.clicks) for one in first] == [(2, 1), (0, 0), (0, 0), (2, 1)]
    whole = read(hours, START, 1e9)
    assert sum(one.opens for one in whole) == 6
    assert len(whole) < 200
    assert (width_of(60), width_of(172_800), width_of(1e9)) == (1.0, 3600.0, 86400.0)
