"""Recipients by the page, in their states, with the last words."""

from __future__ import annotations

import sqlite3

from postduif.campaign.results.people import Excluded as Left
from postduif.campaign.results.people import Which, all_excluded, beside, everybody, excluded, recipients
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.queue.mailing_file import Excluded
from tests.campaign.results.made import START, happens, in_memory, person

PEOPLE = [person(n + 1, f"p{n}@one.example", seed=n == 2) for n in range(8)]
EXCLUDED = [
    Excluded(50 + n, n, f"x{n}@x.example", cause) for n, cause in enumerate(("unsubscribed", "double", "double"))
]


def a_run() -> sqlite3.Connection:
    """Number 0 waits after a try, 1 is delivered, 3 failed, 4 came back, 5 is refused as spam; 2 is a seed."""
    connection = in_memory([*PEOPLE, person(9, "q@two.example")], EXCLUDED)
    happens(
        connection, 0, "deferred", code=451, enhanced="4.7.1", text="4.7.1 later,\nplease", remote_mta="mx.one.example"
    )
    happens(connection, 1, "delivered", code=250, enhanced="2.0.0", text="Ok: queued", remote_mta="mx.one.example")
    happens(connection, 2, "failed", code=550, category="spam")
    happens(connection, 3, "failed", code=550, enhanced="5.1.1", text="no such user", category="recipient_unknown")
    happens(connection, 4, "delivered", code=250)
    happens(connection, 4, "bounced", START + 99, code=552, enhanced="5.2.2", text="full", category="mailbox_full")
    happens(connection, 5, "failed", code=554, text="spam", category="spam")
    return connection


def numbers(tally: Tally, which: Which = Which(), after: int = -1, limit: int = 100) -> list[int]:  # noqa: B008
    """Of a page."""
    return [one.number for one in recipients(tally, which, after=after, limit=limit)]


def test_each_with_last_words() -> None:
    """State, address, contact, tries and the last reply as it was said; a late bounce has the last word."""
    found = {one.number: one for one in recipients(Tally(a_run()))}
    assert found.keys() == {0, 1, 3, 4, 5, 6, 7, 8}
    waits, taken, back = found[0], found[1], found[4]
    assert (waits.state, waits.address, waits.domain, waits.contact) == (
        State.PENDING,
        "p0@one.example",
        "one.example",
        1,
    )
    assert (waits.attempts, waits.reply, waits.due, waits.at) == (1, "451 4.7.1 4.7.1 later, please", START + 610, None)
    assert (taken.state, taken.reply, taken.remote) == (State.DELIVERED, "250 2.0.0 Ok: queued", "mx.one.example")
    assert (taken.at, taken.due, taken.attempts) == (START + 10, None, 1)
    assert (back.state, back.reply, back.category, back.at) == (
        State.BOUNCED,
        "552 5.2.2 full",
        "mailbox_full",
        START + 99,
    )
    assert (found[6].reply, found[6].due, found[6].attempts) == ("", None, 0)
    assert found[8].domain == "two.example"


def test_which_are_meant() -> None:
    """By state, domain and cause, alone and together."""
    tally = Tally(a_run())
    assert numbers(tally, Which(State.FAILED)) == [3, 5]
    assert numbers(tally, Which(State.PENDING)) == [0, 6, 7, 8]
    assert numbers(tally, Which(domain="TWO.example")) == [8]
    assert numbers(tally, Which(State.PENDING, "one.example")) == [0, 6, 7]
    assert numbers(tally, Which(cause="spam")) == [5]
    assert numbers(tally, Which(State.FAILED, "one.example", "recipient_unknown")) == [3]
    assert numbers(tally, Which(State.PENDING, cause="spam")) == numbers(tally, Which(State.UNKNOWN)) == []


def test_neighbours() -> None:
    """Who stands before and behind somebody in a list, seeds left out; who is in no list has neighbours, too."""
    tally = Tally(a_run())
    assert beside(tally, Which(), 3) == (1, 4)
    assert beside(tally, Which(), 0) == (None, 1)
    assert beside(tally, Which(), 8) == (7, None)
    assert beside(tally, Which(State.FAILED), 3) == (None, 5)
    assert beside(tally, Which(State.FAILED), 4) == (3, 5)
    assert beside(tally, Which(domain="two.example"), 3) == (None, 8)


def test_page_by_page() -> None:
    """Pages follow one another without gap or overlap, also when somebody changes state in between."""
    connection = a_run()
    tally = Tally(connection)
    first = numbers(tally, limit=3)
    happens(connection, 6, "delivered")
    second = numbers(tally, after=first[-1], limit=3)
    assert (first, second, numbers(tally, after=second[-1])) == ([0, 1, 3], [4, 5, 6], [7, 8])
    assert [one.number for one in everybody(tally)] == [*first, *second, 7, 8]
    assert numbers(tally, Which(State.DELIVERED), limit=1) == [1]
    assert numbers(tally, Which(State.DELIVERED), after=1) == [6]


def test_excluded_by_cause() -> None:
    """Those excluded, by cause and by the page."""
    connection = a_run()
    assert excluded(connection, "double") == [
        Left(2, 51, 1, "x1@x.example", "double"),
        Left(3, 52, 2, "x2@x.example", "double"),
    ]
    assert [one.id for one in excluded(connection, after=1, limit=1)] == [2]
    assert [one.cause for one in all_excluded(connection)] == ["unsubscribed", "double", "double"]


def test_of_two_ends_the_last_counts() -> None:
    """What a disk that failed has made us record twice is one recipient, with the last words."""
    connection = a_run()
    happens(connection, 1, "delivered", START + 20, code=250, text="once more")
    (found,) = recipients(Tally(connection), after=0, limit=1)
    assert (found.number, found.reply, found.at) == (1, "250 once more", START + 20)


def test_nobody_at_all() -> None:
    """A mailing whose target is empty has lists that are empty."""
    tally = Tally(in_memory([]))
    assert [numbers(tally, Which(state)) for state in (None, *State)] == [[]] * (len(State) + 1)
