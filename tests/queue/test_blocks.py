"""Blocks that the queue file has before it needs them; on real full disks they are shown by tests/crash."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import sqlite3
from pathlib import Path

import pytest

from postduif.queue import blocks, connection, recovery
from postduif.queue.blocks import FOR_ENDS, FOR_LOG, Blocks

INSERT = "INSERT INTO body (id, content) VALUES (?, zeroblob(?))"


def has(path: Path) -> int:
    """Octets of the disk that the file has."""
    return path.stat().st_blocks * 512


def test_every_page_has_a_block_before_it_is_committed(tmp_path: Path) -> None:
    """The pages are in the log still, the file has grown by no octet, and the blocks are there."""
    path = tmp_path / "queue.sqlite"
    recovery.create(path, 1)
    ours = Blocks(path)
    with contextlib.closing(connection.connect_writer(path)) as opened:
        size = path.stat().st_size
        opened.execute("BEGIN IMMEDIATE")
        opened.execute(INSERT, (1, 3_000_000))
        ours.prepare(opened, new_mail=True)
        opened.execute("COMMIT")
        ours.prepare_log()
        assert path.stat().st_size == size
        assert has(path) >= size + 3_000_000 + FOR_ENDS
        assert has(path.with_name("queue.sqlite-wal")) >= FOR_LOG
    ours.close()


def test_what_is_left_is_for_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk new mail is refused while removals and notifications go on in the blocks that there are."""
    path = tmp_path / "queue.sqlite"
    recovery.create(path, 1)
    ours = Blocks(path)
    with contextlib.closing(connection.connect_writer(path)) as opened:
        ours.prepare(opened, new_mail=True)

        def full(*_: int) -> int:
            ctypes.set_errno(errno.ENOSPC)
            return -1

        monkeypatch.setattr(blocks, "_fallocate", full)
        spare = has(path) - path.stat().st_size
        opened.execute("BEGIN IMMEDIATE")
        opened.execute(INSERT, (1, spare - FOR_ENDS // 2))
        ours.prepare(opened, new_mail=False)
        with pytest.raises(sqlite3.OperationalError) as refused:
            ours.prepare(opened, new_mail=True)
        assert connection.is_full(refused.value)
        opened.execute("ROLLBACK")
    ours.close()


def test_a_file_system_that_cannot_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once; mail goes on without."""
    path = tmp_path / "queue.sqlite"
    recovery.create(path, 1)
    asked: list[int] = []

    def cannot(_descriptor: int, _mode: int, _from: int, octets: int) -> int:
        asked.append(octets)
        ctypes.set_errno(errno.EOPNOTSUPP)
        return -1

    monkeypatch.setattr(blocks, "_fallocate", cannot)
    ours = Blocks(path)
    with contextlib.closing(connection.connect_writer(path)) as opened:
        for _ in range(3):
            ours.prepare(opened, new_mail=True)
    ours.close()
    assert len(asked) == 1
