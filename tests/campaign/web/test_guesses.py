"""Guesses at passwords, from many threads at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from postduif.campaign.web.guesses import Guesses
from postduif.config.schema import Auth
from postduif.mta.client_network import ClientAddress
from tests.fakes import FakeClock

THREADS, TIMES = 8, 1000


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: threading.Thread, *more: threading.Thread) -> None:
    """At once, until all are done."""
    for one in (work, *more):
        one.start()
    for one in (work, *more):
        one.join()


def test_none_is_lost() -> None:
    """However many guess at once, only those that are free are looked at; and nothing breaks by it."""
    settings, address = Auth(), ClientAddress.of(("192.0.2.1", 1))
    guesses = Guesses(settings, FakeClock())
    looked: list[int] = []

    def again() -> None:
        """Nobody could find out: each place is given back."""
        for _ in range(TIMES):
            if not guesses.begin(address, "anna"):
                guesses.end(address, "anna", right=False, failed=False)
        looked.append(TIMES)

    together(*(threading.Thread(target=again) for _ in range(THREADS)))
    assert looked == [TIMES] * THREADS

    def wrong() -> None:
        looked.extend(-1 for _ in range(TIMES) if not guesses.begin(address, "anna"))

    together(*(threading.Thread(target=wrong) for _ in range(THREADS)))
    assert looked.count(-1) == settings.free_failures
