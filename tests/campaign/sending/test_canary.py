"""The verdict on the first wave: who counts, when it is given, and what the later waves count from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.mailings import running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.waves import Canary, Waves
from postduif.campaign.sending.acting import act
from postduif.campaign.sending.canary import Tried, complete, count, objection
from postduif.queue.mailing_file import Target
from tests.campaign.results.made import happens, in_memory
from tests.campaign.sending.mailings import NOW, Told, means, opened_file, to_be_sent

PEOPLE = [Target(f"p{number}@one.example", "[]", number + 1) for number in range(6)]
SEED = Target("q@one.example", "[]", 0, seed=True)


def test_who_counts() -> None:
    """The last attempt at each or what came back later; not seeds, nor who was taken out before any attempt."""
    connection = in_memory([*PEOPLE, SEED], waves=(5, 1))
    held = {id_ & 16777215 for (id_,) in connection.execute("SELECT id FROM recipient WHERE hold")}
    one, two, three, four, five = (number for number in range(6) if number not in held)
    happens(connection, one, "delivered")
    happens(connection, one, "bounced", category="recipient_unknown", code=550)
    happens(connection, one, "answered")
    happens(connection, two, "suppressed")
    happens(connection, three, "withdrawn")
    happens(connection, four, "deferred", category="rate_limited", code=451)
    happens(connection, 6, "delivered")
    assert count(connection) == Tried(tried=2, bounced=1, blocked=0, deferred=1, untried=1)
    happens(connection, five, "failed", category="spam", code=550)
    assert count(connection) == Tried(tried=3, bounced=1, blocked=1, deferred=1, untried=0)


def test_one_of_a_hundred_is_no_verdict() -> None:
    """It is complete when all of the wave were tried; what is bad already is bad of the whole wave."""
    rules = Canary(100, 60.0, bounce=0.05)
    assert not complete(rules, Tried(1, 0, 0, 0, untried=99))
    assert complete(rules, Tried(97, 0, 0, 0, untried=0))
    assert complete(rules, Tried(100, 0, 0, 0, untried=5000))  # a person let the second go
    assert objection(rules, Tried(1, 1, 0, 0, untried=99)) == ""
    assert "6 of 100 tried are bounced" in objection(rules, Tried(20, 6, 0, 0, untried=80))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Private."""
    tmp_path.chmod(0o700)
    return tmp_path / "data"


@pytest.fixture
def connection(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """To the mailings."""
    with mailings(data_dir) as opened:
        yield opened


class Scene:
    """A mailing of a canary and three waves an hour apart; the MTA does what it is made to."""

    def __init__(self, data_dir: Path, connection: sqlite3.Connection) -> None:
        self._data_dir = data_dir
        self.connection = connection
        waves = Waves(counts=(2, 2, 2), period=3600.0, canary=Canary(2, 600.0))
        self.number = to_be_sent(data_dir, connection, 8, waves).number
        self.acted(0.0)

    def acted(self, after: float) -> list[str]:
        """What the MTA is told, so many seconds after the start."""
        told = Told()
        act(means(self._data_dir, self.connection, told, NOW + after), self.number)
        return told.said

    def tries(self, wave: int, kind: str = "delivered") -> None:
        """The MTA lets that wave go and tries all of it."""
        with opened_file(self._data_dir, self.number) as file:
            if wave > 1:
                file.execute("DELETE FROM hold WHERE id = ?", (wave,))
            hold = wave if wave > 1 else 0
            meant = file.execute("SELECT id FROM recipient WHERE hold = ?", (hold,)).fetchall()
            for (id_,) in meant:
                file.execute(_TRIED, (kind, id_))
                file.execute("DELETE FROM recipient WHERE id = ?", (id_,))

    def does(self, action: object, after: float) -> None:
        """A person does that."""
        seen = find(self.connection, self.number)
        action(self.connection, seen, By("bob", NOW + after))  # type: ignore[operator]

    @property
    def state(self) -> State:
        """As it is now."""
        return find(self.connection, self.number).state


_TRIED = """
INSERT INTO journal (at, message, recipient, sender, stream, domain, kind, attempt, code, enhanced, text, remote_mta,
    site, source, host, tls, before_queue, in_queue, connect, transmit, size, message_id, number, category)
SELECT 0, id >> 24, address, '', '', '', ?1, 1, 550, '', '', '', '', '', '', '', 0, 0, 0, 0, 0, '', id & 16777215,
    CASE ?1 WHEN 'failed' THEN 'recipient_unknown' ELSE '' END
FROM recipient WHERE id = ?2
"""


@pytest.fixture
def scene(data_dir: Path, connection: sqlite3.Connection) -> Scene:
    """Begun."""
    return Scene(data_dir, connection)


def test_it_waits_for_all_of_the_first_wave(scene: Scene) -> None:
    """After its wait, too, nothing goes before all were tried; the later waves count from the verdict."""
    assert scene.acted(601) == []
    scene.tries(1)
    assert scene.acted(599) == []
    assert scene.acted(5000) == ["mailing.wave 2"]
    scene.tries(2)
    assert scene.acted(8599) == []
    assert scene.acted(8601) == ["mailing.wave 3"]


def test_a_verdict_when_the_second_was_let_go_by_hand(scene: Scene) -> None:
    """The third waits for it all the same."""
    scene.tries(1, "failed")
    scene.tries(2)
    assert scene.acted(601) == ["mailing.pause"]
    assert scene.state is State.PAUSED


def test_resumed_late(scene: Scene) -> None:
    """A person who resumes it has decided; the later waves count from then, and a pause puts them off."""
    scene.tries(1, "failed")
    assert scene.acted(601) == ["mailing.pause"]
    scene.does(running.resume, 90_000)
    assert scene.acted(90_001) == ["mailing.wave 2"]
    scene.tries(2)
    assert scene.acted(93_000) == []
    scene.does(running.pause, 93_000)
    scene.does(running.resume, 95_000)
    assert scene.acted(95_001) == []
    assert scene.acted(95_601) == ["mailing.wave 3"]
