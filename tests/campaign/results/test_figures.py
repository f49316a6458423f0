"""Figures are right at any moment of a run, and each says what it is a share of."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.results.figures import DEFINITIONS, STATES, Figures, figures, figures_of, lines
from postduif.campaign.results.opening import at_one_moment, opened
from postduif.campaign.results.people import Which, everybody
from postduif.campaign.results.spread import by_domain, over_time
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.queue.mailing import PAUSED
from postduif.queue.mailing_file import Excluded
from tests.campaign.results import made
from tests.campaign.results.made import happens, in_memory, lose, mailing, number_of, person
from tests.campaign.results.reference import Somebody, expected

PAGE = Path(__file__).parents[3] / "docs" / "results.md"
PEOPLE = [person(n + 1, f"p{n}@{'one' if n % 3 else 'two'}.example", seed=n == 4) for n in range(12)]
EXCLUDED = [
    Excluded(50 + n, 0, f"x{n}@x.example", cause) for n, cause in enumerate(("unsubscribed", "double", "double"))
]
CATEGORIES = ("recipient_unknown", "mailbox_full", "spam", "complaint", "", "of_a_later_version")
SAID = st.tuples(st.sampled_from(CATEGORIES), st.sampled_from((0, 450, 550)))
LATER = ("bounced", "complained", "unsubscribed", "answered")
KINDS = (*made.ENDS, *LATER, "deferred", "ambiguous", "again", "lost", "held", "leaving", "paused")
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, 4), SAID)


class Run:
    """A mailing and what the reference says of it."""

    def __init__(self) -> None:
        self.connection = in_memory(PEOPLE, EXCLUDED)
        order = [row[0] for row in self.connection.execute("SELECT contact FROM person ORDER BY number")]
        self.people = [Somebody(seed=contact == 5) for contact in order]
        for number in (1, 8):
            self.put_off(number, 2)
            self.people[number].wave = True
        self.connection.execute("INSERT INTO hold VALUES (2, 'recipients', 'mailing:7', '', 'wave', '', 0.0, NULL)")
        self.connection.execute("INSERT INTO hold VALUES (3, 'recipients', '', '', 'operator', '', 0.0, NULL)")

    def put_off(self, number: int, hold: int) -> None:
        """Let it wait behind that hold."""
        self.connection.execute("UPDATE recipient SET hold = ? WHERE id & 16777215 = ?", (hold, number))

    def step(self, what: str, number: int, said: tuple[str, int]) -> None:
        """Do it, if it can be so."""
        one = self.people[number]
        late = what in LATER
        if what == "paused":
            query = "INSERT INTO hold VALUES (NULL, 'queues', 'mailing:7', '', ?, '', 0.0, NULL)"
            self.connection.execute(query, (PAUSED,))
            for each in self.people:
                each.held = True
        elif what == "lost" and one.waits and not one.log:
            lose(self.connection, number)
            one.waits = False
        elif what in ("held", "leaving") and one.waits:
            self.put_off(number, 3 if what == "held" else -1)
            one.held, one.wave = True, False
        elif what == "again" and not one.waits and one.last[0] != "unknown":  # recorded twice, as after a failed fsync
            kind, category, code = one.last
            happens(self.connection, number, kind, category=category, code=code)
            one.log.append(one.last)
        elif (late and one.log) or (one.waits and (what in made.ENDS or what in ("deferred", "ambiguous"))):
            happens(self.connection, number, what, category=said[0], code=said[1])
            one.log.append((what, *said))
            one.waits = one.waits and what not in made.ENDS
            one.attempts += what in ("deferred", "ambiguous")


@given(st.lists(STEP, max_size=40))
def test_right_at_any_moment(steps: list[tuple[str, int, tuple[str, int]]]) -> None:
    """Whatever happens, in whatever order: figures asked again and again, and afresh, are those of the reference."""
    run = Run()
    kept = Tally(run.connection)
    for step in steps:
        run.step(*step)
        asked = figures_of(kept)
        wanted = expected(run.people, [one.cause for one in EXCLUDED])
        assert asked._asdict() == wanted
        adds_up(asked)
    assert figures(run.connection) == figures_of(kept)
    agree(kept, run)
    run.connection.close()


def adds_up(asked: Figures) -> None:
    """Everybody is in exactly one state."""
    assert asked.targeted == asked.excluded + asked.to_deliver
    assert sum(getattr(asked, state.value) for state in STATES) == asked.to_deliver
    assert asked.failed == asked.hard + asked.soft + asked.block
    assert max(asked.deferred, asked.held + asked.later_wave) <= asked.pending
    for line in lines(asked):
        assert line.value >= 0
        assert line.share is None or line.of in ("delivered", "accepted") or 0 <= line.share <= 1


def agree(tally: Tally, run: Run) -> None:
    """Lists, domains and the curve say what the figures say."""
    asked = figures_of(tally)
    listed = {one.number: one.state.value for one in everybody(tally)}
    assert listed == {number: one.state for number, one in enumerate(run.people) if not one.seed}
    for state in State:
        found = [one.number for one in everybody(tally, Which(state))]
        assert found == [number for number, one in listed.items() if one == state.value]
    domains, buckets = by_domain(tally), over_time(tally)
    assert sum(one.recipients for one in domains) == asked.to_deliver - asked.unknown
    assert sum(one.deferred for one in domains) == asked.deferred
    for state in STATES[1:-1]:
        value = getattr(asked, state.value)
        assert sum(getattr(one, state.value) for one in domains) == value
        assert sum(getattr(one, state.value) for one in buckets) == value


def test_every_figure_is_defined() -> None:
    """Each has its words and a denominator that is a figure; what the page says is the same."""
    counts = {name for name in Figures._fields if name not in ("causes", "categories")} | {"reached"}
    assert {one.name for one in DEFINITIONS} == counts
    assert {one.of for one in DEFINITIONS} <= counts | {""}
    page = PAGE.read_text(encoding="utf-8")
    table = "\n".join(f"| {name} | {of or '-'} | {words} |" for name, of, words in DEFINITIONS).replace("_", " ")
    assert table in page


def test_delivered_until_it_comes_back() -> None:
    """A late bounce makes a delivered one bounced; shares have their denominators."""
    connection = in_memory(PEOPLE, EXCLUDED)
    for number in range(4, 8):
        happens(connection, number, "delivered", code=250)
    happens(connection, 4, "bounced", category="recipient_unknown")
    told = {line.name: (line.value, line.of, line.total, line.share) for line in lines(figures(connection))}
    assert told["delivered"] == (3, "to_deliver", 11, 3 / 11)
    assert told["reached"] == (3, "targeted", 14, 3 / 14)
    assert told["bounced"] == (1, "accepted", 4, 1 / 4)
    assert told["failed"][0] == 0
    assert told["hard"] == (0, "failed", 0, None)


def test_back_while_it_waits() -> None:
    """Mail that was taken in doubt and came back is pending as long as another attempt is to come."""
    connection = in_memory(PEOPLE, EXCLUDED)
    tally = Tally(connection)
    happens(connection, 7, "ambiguous")
    happens(connection, 7, "bounced", category="spam")
    asked = figures_of(tally)
    assert (asked.pending, asked.deferred, asked.bounced, asked.unknown) == (11, 1, 0, 0)
    assert [one.number for one in everybody(tally, Which(State.BOUNCED))] == []
    happens(connection, 7, "delivered")
    assert (figures_of(tally).pending, figures_of(tally).delivered, figures_of(tally).unknown) == (10, 1, 0)


def test_more_than_comes_together() -> None:
    """A journal that is read in several parts is read whole."""
    connection = in_memory(PEOPLE, EXCLUDED)
    happens(connection, 7, "delivered")
    names = "message, recipient, sender, stream, domain, attempt, code, enhanced, text, remote_mta, site, source, host"
    names += ", tls, before_queue, in_queue, connect, transmit, size, message_id, number, category, at, kind"
    copy = f"INSERT INTO journal ({names}) SELECT {names} FROM journal"
    for _ in range(15):
        connection.execute(copy)
    happens(connection, 8, "failed", category="spam")
    asked = figures(connection)
    assert (asked.delivered, asked.failed, asked.pending) == (1, 1, 9)
    assert [one.delivered for one in over_time(Tally(connection))] == [1]


def test_seeds_are_in_no_figure() -> None:
    """What becomes of an address of ours changes nothing."""
    connection = in_memory(PEOPLE, EXCLUDED)
    before = figures(connection)
    seed = number_of(connection, 5)
    for kind in ("deferred", "failed", "bounced", "complained"):
        happens(connection, seed, kind, category="spam", code=550)
        assert figures(connection) == before
    assert before.seeds == 1


def test_of_one_moment(tmp_path: Path) -> None:
    """While the MTA writes, all that is read together is of one moment; afterwards the news are there."""
    writer = mailing(tmp_path / "data", PEOPLE, EXCLUDED)
    with opened(tmp_path / "data", made.NUMBER) as connection:
        tally = Tally(connection)
        with at_one_moment(connection):
            before = figures_of(tally)
            happens(writer, 3, "delivered")
            assert figures_of(tally) == before
        assert figures_of(tally) == before._replace(delivered=1, accepted=1, pending=before.pending - 1)
    writer.close()


def test_the_waves_of_a_file(tmp_path: Path) -> None:
    """Who is in a later wave is pending, and known as such."""
    writer = mailing(tmp_path / "data", PEOPLE, waves=(8, 4))
    asked = figures(writer)
    assert (asked.pending, asked.later_wave, asked.held) == (11, asked.later_wave, 0)
    assert 3 <= asked.later_wave <= 4
    writer.close()


def test_reading_cannot_write(tmp_path: Path) -> None:
    """The connection that results are read over refuses to write."""
    mailing(tmp_path / "data", PEOPLE).close()
    with opened(tmp_path / "data", made.NUMBER) as connection, pytest.raises(sqlite3.Error):
        connection.execute("DELETE FROM journal")


def test_every_state_is_counted() -> None:
    """No state is left out of the sum."""
    assert set(STATES) == set(State)
