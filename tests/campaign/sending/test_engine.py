"""The campaign's process: what it does with what goes wrong, and when it is to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Counts, State
from postduif.campaign.preparing import doing
from postduif.campaign.preparing.preparation import Stopped
from postduif.campaign.sending.engine import Engine
from tests.campaign.installation import FEW_RULES, NOW, WHO, Installation
from tests.dns_server import DnsServer
from tests.fakes import FakeClock


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """With ten people."""
    with DnsServer() as dns:
        yield Installation(tmp_path, dns, [f"p{number}@one.example" for number in range(10)])


def test_a_preparation_ends_with_the_process(place: Installation) -> None:
    """Who is to end stops preparing; the record still asks for it, and nothing is left."""
    place.begun(place.mailing(typology=FEW_RULES))
    ending = threading.Event()
    with pytest.raises(Stopped):
        doing.do_prepare(place.config, 1, WHO, FakeClock(NOW), lambda done, of: ending.set(), ending=ending.is_set)
    assert place.look(1).state is State.PREPARING
    assert not list(place.places.prepared_folder.glob("1*/*"))


def test_a_mistake_of_ours_makes_it_fail(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried for ever: the record says that it failed, and asks for a report."""

    def mistaken(_: object) -> None:
        raise KeyError("nobody")

    monkeypatch.setattr(doing, "prepare", mistaken)
    place.begun(place.mailing(typology=FEW_RULES))
    with pytest.raises(KeyError):
        doing.do_prepare(place.config, 1, WHO, FakeClock(NOW))
    assert place.look(1).state is State.FAILED
    assert place.look(1).reason == "a mistake in Postduif: KeyError('nobody'); please report it"


def test_who_shows_it_hears_what_is_stuck(place: Installation) -> None:
    """What keeps a mailing from going on, until it does or somebody ends it."""
    begun = place.begun(place.mailing())
    with mailings(place.data_dir) as connection:
        ready = running.ready(connection, begun, Counts(10, 0), By(WHO, NOW))
        sent = running.started(connection, running.send(connection, ready, By(WHO, NOW)), By(WHO, NOW))
        stuck: dict[int, str] = {}
        engine = Engine(place.config, FakeClock(NOW), stuck)
        engine.step()
        assert list(stuck) == [1]
        running.stop(connection, sent, By(WHO, NOW))
        engine.step()
        assert (stuck, place.look(1).state) == ({}, State.STOPPED)


def test_what_is_left_behind_is_removed(place: Installation) -> None:
    """Files of a mailing that was edited since go, half ones too; those of one that is prepared stay."""
    for number in (1, 2):
        place.begun(place.mailing(typology=FEW_RULES))
        doing.do_prepare(place.config, number, WHO, FakeClock(NOW))
    with mailings(place.data_dir) as connection:
        editing.edit(connection, place.look(2), place.look(2).draft, ("default",), By(WHO, NOW))
    (place.places.prepared_folder / "1.new").mkdir()
    Engine(place.config, FakeClock(NOW)).step()
    assert sorted(one.name for one in place.places.prepared_folder.iterdir() if one.is_dir()) == ["1"]
