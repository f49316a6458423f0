"""The suppression list is asked for many people at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from postduif.bounce.address_state import Cause, Event, What
from postduif.campaign.audience.suppression_link import attached, suppression_link
from postduif.errors import ConfigError, StoreError
from postduif.queue.connection import FILE_NAME
from tests.campaign.audience.people import NOW, a_suppression_list

EVENTS = [
    Event("hard@example.com", What.HARD, NOW),
    Event("angry@example.com", What.COMPLAINT, NOW),
    Event("news@example.com", What.UNSUBSCRIBE, NOW, type="news"),
    Event("all@example.com", What.UNSUBSCRIBE, NOW),
    Event("soft@example.com", What.SOFT, NOW),
]
ALL = [event.subject for event in EVENTS] + ["free@example.com", "gone@example.com", "x@bad.example"]


def test_refusals(tmp_path: Path) -> None:
    """Each is refused for the strongest cause that holds for this type of mail; patterns and erased people, too."""
    pattern = Event("*@bad.example", What.ENTRY, NOW, reason="closed", cause=Cause.MANUAL)
    a_suppression_list(tmp_path, [*EVENTS, pattern], ["gone@example.com"])
    with suppression_link(tmp_path) as link:
        always = {
            "hard@example.com": Cause.HARD_BOUNCE,
            "angry@example.com": Cause.COMPLAINT,
            "gone@example.com": Cause.ERASED,
            "x@bad.example": Cause.MANUAL,
        }
        everything = {"all@example.com": Cause.UNSUBSCRIBE}
        assert link.refusals(ALL, "", NOW) == always
        assert link.refusals(ALL, "offers", NOW) == always | everything
        assert link.refusals(ALL, "news", NOW) == always | everything | {"news@example.com": Cause.UNSUBSCRIBE}
        assert link.erased(ALL) == {"gone@example.com"}


def test_plain_list(tmp_path: Path) -> None:
    """Without patterns and erased people the addresses alone are asked for."""
    a_suppression_list(tmp_path, EVENTS)
    with suppression_link(tmp_path) as link:
        assert sorted(link.refusals(ALL, "", NOW)) == ["angry@example.com", "hard@example.com"]
        assert link.erased(ALL) == set()


def test_no_list(tmp_path: Path) -> None:
    """Where nothing was ever sent nobody is refused, and a condition about bounces is true of nobody."""
    connection = sqlite3.connect(":memory:", isolation_level=None, uri=True)
    with suppression_link(tmp_path) as link, attached(connection, tmp_path):
        assert link.refusals(ALL, "news", NOW) == {}
        assert connection.execute("SELECT count(*) FROM mta.suppression").fetchone() == (0,)
    assert list(tmp_path.iterdir()) == []


def test_attached(tmp_path: Path) -> None:
    """The list can be read beside another file, and not written; afterwards it is let go."""
    a_suppression_list(tmp_path, EVENTS)
    connection = sqlite3.connect(":memory:", isolation_level=None, uri=True)
    with attached(connection, tmp_path):
        assert connection.execute("SELECT count(*) FROM mta.suppression").fetchone() == (5,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM mta.suppression")
    assert len(connection.execute("PRAGMA database_list").fetchall()) == 0 or "mta" not in str(
        connection.execute("PRAGMA database_list").fetchall()
    )


def test_old_queue_file(tmp_path: Path) -> None:
    """A queue file from before there was a list is one without anybody on it."""
    sqlite3.connect(tmp_path / FILE_NAME).close()
    connection = sqlite3.connect(":memory:", isolation_level=None, uri=True)
    with suppression_link(tmp_path) as link, attached(connection, tmp_path):
        assert link.refusals(ALL, "news", NOW) == {}
        assert connection.execute("SELECT count(*) FROM mta.suppression").fetchone() == (0,)


def test_lost_key(tmp_path: Path) -> None:
    """Without the key of the hashes nobody who was erased would be known: the list is not opened with a new one."""
    a_suppression_list(tmp_path, [], ["gone@example.com"])
    (tmp_path / "erased.key").unlink()
    with pytest.raises(ConfigError, match=r"erased\.key"), suppression_link(tmp_path):
        pass
    assert not (tmp_path / "erased.key").exists()


def test_damaged_file(tmp_path: Path) -> None:
    """A file that is no database is said to be none."""
    (tmp_path / FILE_NAME).write_bytes(b"x" * 4096)
    with pytest.raises(StoreError, match="cannot be read"), suppression_link(tmp_path):
        pass
