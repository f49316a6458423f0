"""A person is erased."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign import database
from postduif.campaign.audience import import_runs, projects, selections, subscriptions
from postduif.campaign.audience.attributes import Kind, declare, declare_collection
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.erasing import erase, subjects_of
from postduif.campaign.audience.import_runs import Rejected
from postduif.campaign.audience.migration import SCHEMA
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.database import path_of, transaction
from postduif.errors import StoreError
from tests.campaign.audience.people import NOW, order, person


def test_everything_goes(tmp_path: Path) -> None:
    """Afterwards no table has a trace of them, nor has the file itself; somebody else is all there."""
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection:
        with transaction(connection):
            declare(connection, "city", Kind.TEXT)
            declare_collection(connection, "orders", "number", Kind.NUMBER)
            for name in ("total", "paid"):
                declare(connection, name, Kind.NUMBER, collection="orders")
            projects.create(connection, "Fair", NOW)
            news = SubscriptionType("news", "News", "", everybody=False, confirm=True)
            subscriptions.save_type(connection, news)
            club = selections.create(connection, "club", SelectionKind.STATIC, NOW)
            left = selections.create(connection, "left", SelectionKind.ADDRESSES, NOW)
        for name in ("ann", "bob"):
            id_ = person(connection, f"{name}-secret@example.com", name=f"{name}-secret", city=f"{name}-secret")
            order(connection, f"{name}-secret@example.com", 1, 10, 1, f"{name}-secret@work.example")
            with transaction(connection):
                projects.add(connection, projects.named(connection, "Fair"), [id_], f"{name}-secret")
                subscriptions.ask(connection, id_, news, Proof(NOW, f"{name}-secret", "form", "192.0.2.1"))
                selections.add_members(connection, club, [id_], NOW)
                selections.add_addresses(connection, left, [f"{name}-secret@example.com"], NOW)
                run = import_runs.begin(connection, "f", name, NOW)
                line = Rejected(1, f"{name}-secret@work.example", f"{name}-secret is bad")
                import_runs.save(connection, run._replace(rejected=1), [line])
        before = connection.total_changes
        subjects = subjects_of(connection, 1)
        assert subjects == ["ann-secret@example.com", "ann-secret@work.example"]
        assert erase(connection, 1, subjects)
        assert connection.total_changes > before
        dump = "\n".join(connection.iterdump())
        assert "ann-secret" not in dump
        assert dump.count("bob-secret") == 11
        assert not erase(connection, None, subjects)
        content = b"".join(path.read_bytes() for path in path_of(tmp_path, SCHEMA).parent.iterdir())
        assert b"ann-secret" not in content
        assert b"bob-secret" in content


def test_log_that_somebody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as a reader keeps the write-ahead log, what was erased is in it, and that is said."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.01)
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection, audience(tmp_path) as reader:
        id_ = person(connection, "ann@example.com")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM contact").fetchall()
        with pytest.raises(StoreError, match="erase again in a moment"):
            erase(connection, id_, ["ann@example.com"])
        reader.execute("COMMIT")
        assert not erase(connection, None, ["ann@example.com"])


def test_rejected_lines_are_found_by_their_address(tmp_path: Path) -> None:
    """Showing or erasing a person reads no log of imports through."""
    tmp_path.chmod(0o700)
    with audience(tmp_path) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN DELETE FROM import_rejected WHERE address = ?", ("",)).fetchall()
    assert "import_rejected_address" in plan[0][3]
