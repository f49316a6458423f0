"""What is to be done is tried until it is; nothing that fails keeps the rest back for longer than it must."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

import pytest

from postduif.campaign.insisting import LATER, SILENT, Insisting, Rounds, rounds
from postduif.errors import PostduifError, StoreError
from postduif.mta.control import ControlError
from tests.fakes import FakeClock


def fails(error: PostduifError) -> None:
    """As an MTA that is away, or a file that cannot be read."""
    raise error


def test_one_that_fails_is_put_off(capfd: pytest.CaptureFixture[str]) -> None:
    """It is not tried again before its time, others are; the log has it once."""
    clock, done = FakeClock(), list[int]()
    insisting = Insisting("wish", clock)
    for _ in range(2):
        assert insisting.tried(1, lambda: fails(StoreError("no")), mailing=7)
        assert insisting.tried(1, lambda: done.append(1))
        assert insisting.tried(2, lambda: done.append(2))
        clock.advance(LATER)
    assert insisting.tried(1, lambda: done.append(1))
    assert done == [2, 2, 1]
    written = capfd.readouterr().err
    assert written.count("wish_stuck") == 1
    assert "mailing=7" in written


def test_while_the_mta_is_away() -> None:
    """The others need not try; after a while it is asked again."""
    clock = FakeClock()
    insisting = Insisting("wish", clock)
    assert not insisting.tried(1, lambda: fails(ControlError("away")))
    assert insisting.silent
    clock.advance(SILENT)
    assert not insisting.silent
    assert insisting.tried(1, lambda: None)


def test_a_round_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a mistake of ours the file is opened again."""
    monkeypatch.setattr("postduif.campaign.insisting.SILENT", 0.001)
    stop, seen = threading.Event(), list[str]()

    @contextlib.contextmanager
    def opened() -> Iterator[sqlite3.Connection]:
        seen.append("opened")
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            yield connection

    def step(_: sqlite3.Connection) -> None:
        seen.append("step")
        if len(seen) == 2:
            raise StoreError("busy")
        if len(seen) == 4:
            raise ValueError
        if len(seen) == 7:
            stop.set()

    rounds(Rounds("wishes", lambda: True, opened, step, 0.0), stop)
    assert seen == ["opened", "step", "opened", "step", "opened", "step", "step"]
