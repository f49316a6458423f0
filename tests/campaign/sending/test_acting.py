"""What the record asks for is done by one at a time, and not when it is asked for no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.mailings import running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.preparing.places import Places, preparing
from postduif.campaign.sending import acting
from postduif.campaign.sending.acting import act
from postduif.campaign.sending.standing import standing
from postduif.mta.control import NotRunning
from postduif.queue import directory
from postduif.queue.inspect import looking
from postduif.queue.mailing import PAUSED
from postduif.queue.mailing_hold import hold_closed
from postduif.queue.mailing_standing import Standing
from tests.campaign.sending.mailings import NOW, Told, held, means, to_be_sent

BOB = By("bob", NOW + 1)


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


def sent(data_dir: Path, connection: sqlite3.Connection) -> Mailing:
    """The MTA has it."""
    seen = to_be_sent(data_dir, connection)
    assert act(means(data_dir, connection, Told()), seen.number).state is State.SENDING
    return find(connection, seen.number)


def test_stopped_while_another_hands_it_over(data_dir: Path, connection: sqlite3.Connection) -> None:
    """Who stops waits for who is handing it over; nobody says that nothing was sent before that is sure."""
    seen = to_be_sent(data_dir, connection)
    running.stop(connection, seen, BOB)
    with preparing(Places(data_dir), seen.number) as ours:
        assert ours
        assert act(means(data_dir, connection, Told()), seen.number).state is State.STOPPING
        assert Places(data_dir).prepared(seen.number).exists()
    ended = act(means(data_dir, connection, Told()), seen.number)
    assert (ended.state, ended.reason) == (State.STOPPED, "nothing of it was sent")


def test_handed_over_after_a_stop(data_dir: Path, connection: sqlite3.Connection) -> None:
    """Who read the record before somebody stopped it hands over nothing."""
    seen = to_be_sent(data_dir, connection)
    running.stop(connection, seen, BOB)
    told = Told()
    acting._hand_over(means(data_dir, connection, told), seen)
    assert not Places(data_dir).handed_over(seen.number).exists()
    assert told.said == []


def test_a_pause_is_not_undone(data_dir: Path, connection: sqlite3.Connection) -> None:
    """Who read "sending" before somebody paused it does not tell the MTA to go on; afterwards it is told."""
    seen = sent(data_dir, connection)
    paused = running.pause(connection, seen, BOB)
    held(data_dir, seen.number, PAUSED)
    told = Told()
    acting._send(means(data_dir, connection, told), seen)
    assert told.said == []
    running.resume(connection, paused, BOB)
    act(means(data_dir, connection, told), seen.number)
    assert told.said == ["mailing.resume"]


def no_mta(do: str, **_: object) -> None:
    """None runs."""
    raise NotRunning("no daemon")


def test_held_without_an_mta(data_dir: Path, connection: sqlite3.Connection) -> None:
    """While none runs a pause and a stop are in the file itself, once, where one that starts finds them."""
    seen = sent(data_dir, connection)
    folder = Places(data_dir).handed_over(seen.number)
    without = means(data_dir, connection, Told())._replace(tell=no_mta)
    paused = running.pause(connection, seen, BOB)
    for _ in range(2):
        act(without, seen.number)
    assert standing(folder) == Standing(waiting=True, paused=True, stopped=False, waves=())
    running.stop(connection, paused, BOB)
    with pytest.raises(NotRunning):  # it withdraws when it runs
        act(without, seen.number)
    assert standing(folder).stopped
    assert act(without, seen.number).state is State.STOPPING
    with looking(folder) as file:
        query = "SELECT covers, stream, domain, until FROM hold"
        assert file.execute(query).fetchall() == [("queues", f"mailing:{seen.number}", "", None)] * 2


def test_held_while_the_mta_starts(data_dir: Path, connection: sqlite3.Connection) -> None:
    """A file that it has open already is left to it; it is told a moment later."""
    seen = sent(data_dir, connection)
    folder = Places(data_dir).handed_over(seen.number)
    running.pause(connection, seen, BOB)
    lock = directory.lock(folder)
    with pytest.raises(NotRunning):
        act(means(data_dir, connection, Told())._replace(tell=no_mta), seen.number)
    lock.release()
    assert not standing(folder).paused


def test_a_killed_mta_leaves_its_trace(data_dir: Path, connection: sqlite3.Connection) -> None:
    """The hold is added, and the next MTA still sees that the one before was killed."""
    seen = sent(data_dir, connection)
    folder = Places(data_dir).handed_over(seen.number)
    with looking(folder) as reader:
        reader.execute("SELECT 1 FROM hold").fetchone()
        held(data_dir, seen.number, "somebody")
    assert (folder / "queue.sqlite-wal").stat().st_size
    assert hold_closed(folder, seen.number, PAUSED, "paused", NOW)
    assert standing(folder).paused
    assert (folder / "queue.sqlite-wal").stat().st_size
