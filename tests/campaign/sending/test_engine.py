"""The campaign's process: what it does with what goes wrong, and when it is to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.mailings.record import State
from postduif.campaign.preparing import doing
from postduif.campaign.preparing.preparation import Stopped
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
