"""Few statements, however many rows."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from postduif.queue import change, connection, recovery, rows
from postduif.queue.change import Change
from tests.queue.mail import envelope


def a_change(id_: int) -> Change:
    """One message to one recipient, and the end of the one before it."""
    mail = envelope(id=id_)
    mail.recipients[0].id = rows.first_recipient(id_)
    added = Change()
    added.messages.append(rows.message_row(mail))
    added.bodies.append((id_, b"content"))
    added.recipients.append(rows.recipient_row(mail.recipients[0], 1))
    added.removed.append(rows.first_recipient(id_ - 1))
    return added


class Counted:
    """A connection that notes what is executed."""

    def __init__(self, opened: sqlite3.Connection) -> None:
        self.opened = opened
        self.statements: list[str] = []

    def execute(self, sql: str, values: object) -> object:
        """As a connection does."""
        self.statements.append(sql.split()[0])
        return self.opened.execute(sql, values)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 63, 64, 65, 96, 97, 200])
def test_any_number_of_rows_is_written_in_few_statements(tmp_path: Path, count: int) -> None:
    """Every row arrives; a batch takes a few for each table, and removals take one."""
    recovery.create(tmp_path / "queue.sqlite", 1)
    with contextlib.closing(connection.connect_writer(tmp_path / "queue.sqlite")) as opened:
        counted = Counted(opened)
        change.apply(counted, [a_change(id_) for id_ in range(1, count + 1)])  # type: ignore[arg-type]
        assert counted.statements.count("DELETE") == 1
        assert len(counted.statements) <= 1 + 3 * (count // 64 + 2)
        left = opened.execute("SELECT id >> 24 FROM recipient").fetchall()
        assert left == opened.execute("SELECT id FROM message").fetchall() == [(count,)]


def test_an_empty_change_writes_nothing(tmp_path: Path) -> None:
    """No statement at all."""
    recovery.create(tmp_path / "queue.sqlite", 1)
    with contextlib.closing(connection.connect_writer(tmp_path / "queue.sqlite")) as opened:
        before = opened.total_changes
        change.apply(opened, [Change(), Change()])
        assert opened.total_changes == before
