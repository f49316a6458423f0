"""A person is erased."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.audience import import_runs, projects, selections, subscriptions
from postduif.campaign.audience.attributes import Kind, declare, declare_collection
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.erasing import erase, subjects_of
from postduif.campaign.audience.import_runs import Rejected
from postduif.campaign.audience.migration import SCHEMA
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.database import path_of, transaction
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
