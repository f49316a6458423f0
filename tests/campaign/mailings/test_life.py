"""Anything that is done in any order stays within the table, and the history says all of it."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from postduif.campaign.mailings.fault import MailingFault, NotNow
from postduif.campaign.mailings.listing import found
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.states import TABLE, Action
from tests.campaign.mailings.mover import WAITS, step
from tests.campaign.mailings.moves import OTHERS, PLAIN, Move, legal
from tests.campaign.mailings.records import DAY, DRAFT, NEWEST, NOW, a_draft, a_file, by
from tests.campaign.mailings.replay import check

MAX_STEPS = 10_000
WALKED = "SELECT DISTINCT before, action FROM history"


class Life(RuleBasedStateMachine):
    """People and engines that do what they like, some with what they read long ago."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = a_file()
        self.now = NOW
        self.seen: list[Mailing] = []

    @initialize()
    def begin(self) -> None:
        """One of each policy."""
        self.seen += [a_draft(self.connection, DRAFT), a_draft(self.connection, NEWEST)]

    def _there(self, pick: int) -> Mailing | None:
        (count,) = self.connection.execute("SELECT max(number) FROM mailing").fetchone()
        return found(self.connection, pick % (count or 1) + 1)

    @rule(pick=st.integers(0, 9), action=st.sampled_from(list(PLAIN)))
    def act(self, pick: int, action: Action) -> None:
        """What the table knows without a condition is done; what it does not know is refused."""
        mailing = self._there(pick)
        if not mailing:
            return
        step = TABLE.get((mailing.state, action))
        try:
            PLAIN[action](self.connection, mailing, by(now=self.now))
        except NotNow:
            assert step is None or step.guards
        else:
            assert step is not None
        self.seen.append(mailing)

    @rule(pick=st.integers(0, 9), move=st.sampled_from(OTHERS), again=st.sampled_from(OTHERS))
    def choose(self, pick: int, move: Move, again: Move) -> None:
        """Dates, preparations and policies, two in a row."""
        for one in (move, again):
            if mailing := self._there(pick):
                self._try(one, mailing)

    @rule(pick=st.integers(0, 9), choices=st.lists(st.integers(0, 99), min_size=2, max_size=8))
    def go_on(self, pick: int, choices: list[int]) -> None:
        """A good way on."""
        for choice in choices:
            if mailing := self._there(pick):
                moves = legal(mailing) or OTHERS
                self._try(moves[choice % len(moves)], mailing)

    @rule(pick=st.integers(0, 99), move=st.sampled_from([*PLAIN.values(), *OTHERS]))
    def from_memory(self, pick: int, move: Move) -> None:
        """What was read long ago."""
        self._try(move, self.seen[pick % len(self.seen)])

    def _try(self, move: Move, mailing: Mailing) -> None:
        before = list(self.connection.iterdump())
        try:
            move(self.connection, mailing, by(now=self.now))
        except MailingFault:
            assert list(self.connection.iterdump()) == before

    @rule(hours=st.sampled_from([0.5, 8, 24]))
    def wait(self, hours: float) -> None:
        """Time goes on."""
        self.now += hours * DAY / 24

    @invariant()
    def history_is_true(self) -> None:
        """What is on file is what the history leads to."""
        check(self.connection)

    def teardown(self) -> None:
        """No file stays open."""
        self.connection.close()


def test_every_transition_is_walked() -> None:
    """A long walk takes every step of the table, so what holds of the walk holds of the table."""
    connection, chance, now = a_file(), random.Random(7), NOW
    walked: set[tuple[State, Action]] = set()
    for number in range(MAX_STEPS):
        now += chance.choice(WAITS)
        step(connection, chance, now)
        if number % 200 == 0:
            walked = {(State(one), Action(two)) for one, two in connection.execute(WALKED)}
        if walked == set(TABLE):
            break
    assert walked == set(TABLE)
    check(connection)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
