"""Visits are kept when there is room, wishes when they are answered, and who refused is not written down."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from postduif.campaign.database import path_of
from postduif.campaign.tracking import recorder
from postduif.campaign.tracking.connection import SCHEMA
from postduif.campaign.tracking.recorder import Recorder
from postduif.campaign.tracking.visit import Wanted, Wish
from postduif.errors import StoreError
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, on_file, visit
from tests.fakes import FakeClock


def wish(kind: Wanted, number: int = 0, type_: str = "") -> Wish:
    """Of that recipient."""
    return Wish(NOW, NUMBER, number, kind.value, type_, "page", "Stop", "192.0.2.1")


def kept(data_dir: Path, table: str) -> int:
    """Rows."""
    with on_file(data_dir) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


def test_answered_wishes_are_on_file(tmp_path: Path) -> None:
    """Once the future is done another connection sees it; the same again is not a second one until it was done."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    made = Recorder(data_dir, FakeClock(NOW))
    for _ in range(3):
        made.ask(wish(Wanted.UNSUBSCRIBE, type_="news")).result(5)
        assert kept(data_dir, "wish") == 1
    made.ask(wish(Wanted.UNSUBSCRIBE)).result(5)
    assert kept(data_dir, "wish") == 2
    with on_file(data_dir) as connection:
        connection.execute("UPDATE wish SET done_at = 1")
    made.ask(wish(Wanted.UNSUBSCRIBE)).result(5)
    assert kept(data_dir, "wish") == 3
    for kind in (Wanted.EXPORT, Wanted.ERASE, Wanted.RESUBSCRIBE) * 2:
        made.ask(wish(kind)).result(5)
    made.close()
    assert kept(data_dir, "wish") == 3 + 3  # what waits for a person is there once, whatever was asked in between


def test_visits_are_written_by_the_end(tmp_path: Path) -> None:
    """Closing writes what is in memory."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    made = Recorder(data_dir, FakeClock(NOW))
    for second in range(100):
        made.note(visit(0, second))
    made.close()
    assert (kept(data_dir, "visit"), made.lost, made.waiting) == (100, 0, 0)


def test_more_than_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits beyond the bound are counted as lost, here and in the file; a wish is kept all the same."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    monkeypatch.setattr(recorder, "MAX_WAITING", 10)
    monkeypatch.setattr(recorder, "PATIENCE", 5.0)
    made = Recorder(data_dir, FakeClock(NOW))
    for second in range(30):
        made.note(visit(0, second))
    assert made.lost == 20
    made.ask(wish(Wanted.UNSUBSCRIBE)).result(5)
    made.close()
    assert (kept(data_dir, "visit"), kept(data_dir, "wish")) == (10, 1)
    with on_file(data_dir) as connection:
        assert connection.execute("SELECT sum(count) FROM lost").fetchone() == (20,)


def test_who_refused(tmp_path: Path) -> None:
    """From the moment that it is answered nothing of that person is written, in any mailing; others are; it can be
    taken back. It holds after a restart."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    for again in (False, True):
        made = Recorder(data_dir, FakeClock(NOW))
        if not again:
            made.ask(wish(Wanted.NO_TRACKING)).result(5)
        made.note(visit(0, 100, link=1))
        made.note(visit(1, 100, link=1))
        made.note(visit(0, 100)._replace(mailing=99))  # nobody can say whose that is
        made.close()
        with on_file(data_dir) as connection:
            assert set(connection.execute("SELECT number FROM visit")) == {(1,)}
    made = Recorder(data_dir, FakeClock(NOW))
    made.ask(wish(Wanted.TRACKING)).result(5)
    made.note(visit(0, 100, link=1))
    made.close()
    assert kept(data_dir, "visit") == 3


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wish is answered with an error and visits count as lost; what comes when it can be written again is kept."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    monkeypatch.setattr("postduif.campaign.database.BUSY_TIMEOUT", 0.1)
    made = Recorder(data_dir, FakeClock(NOW))
    other = sqlite3.connect(path_of(data_dir, SCHEMA), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    made.note(visit(0, 1))
    with pytest.raises(StoreError, match="locked"):
        made.ask(wish(Wanted.UNSUBSCRIBE)).result(5)
    other.execute("ROLLBACK")
    other.close()
    made.ask(wish(Wanted.UNSUBSCRIBE)).result(5)
    made.close()
    assert (kept(data_dir, "wish"), kept(data_dir, "visit"), made.lost) == (1, 0, 1)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A damaged file is said at the start."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    path_of(data_dir, SCHEMA).write_bytes(b"no database" * 1000)
    path_of(data_dir, SCHEMA).chmod(0o600)
    with pytest.raises(StoreError, match="cannot be used"):
        Recorder(data_dir, FakeClock(NOW))
