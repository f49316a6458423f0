"""`postduif bounce unprocessed`: without a daemon, and asking it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from pathlib import Path

from postduif.bounce import unprocessed
from postduif.mta import unprocessed_operations
from tests.cli.installation import asked, asked_json, cells, installed, run, written

ODD = b"Subject: \xff\r\n\r\nwhat is this\r\n"


def kept(path: Path, *contents: bytes) -> None:
    """A queue file with these, the first as number 1."""
    assert run(path, "bounce", "unprocessed").exit_code == 0
    with contextlib.closing(sqlite3.connect(path.parent / "data" / "queue.sqlite", isolation_level=None)) as opened:
        for content in contents:
            unprocessed.keep(opened, time.time() - 7200, "b1aa@b.example", "not understood", content)


def test_list_show_drop(tmp_path: Path) -> None:
    """Each is listed with why it is there, is shown as it came, and can be forgotten."""
    path = written(tmp_path)
    kept(path, ODD, b"second")
    assert cells(run(path, "bounce", "unprocessed")) == [
        ["2", "2h ago", "b1aa@b.example", "not understood", "6"],
        ["1", "2h ago", "b1aa@b.example", "not understood", str(len(ODD))],
    ]
    assert len(cells(run(path, "bounce", "unprocessed", "--limit", "1"))) == 1
    assert run(path, "bounce", "unprocessed", "--show", "1").stdout_bytes == ODD
    result = run(path, "bounce", "unprocessed", "--drop", "1", "--drop", "7", "--drop", "1")
    assert (result.exit_code, result.stdout) == (1, "1 mail dropped\n")
    assert "postduif: not there: 7; " in result.stderr
    (left,) = json.loads(run(path, "bounce", "unprocessed", "--json").stdout)
    assert (left["id"], left["size"]) == (2, 6)


def test_not_there(tmp_path: Path) -> None:
    """A number that is not there is an error of one line; showing and dropping at once is none of both."""
    path = written(tmp_path)
    result = run(path, "bounce", "unprocessed", "--show", "3")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == ("postduif: there is no unprocessed mail 3; `postduif bounce unprocessed` lists them\n")
    assert run(path, "bounce", "unprocessed", "--show", "3", "--drop", "3").exit_code == 2


def test_of_a_running_daemon(tmp_path: Path) -> None:
    """The daemon is asked when it runs; a large mail comes in parts."""
    large = bytes(range(256)) * 4096 * 2 + b"end"
    assert len(large) > 2 * unprocessed_operations.CHUNK

    async def story() -> None:
        async with installed(tmp_path, 9) as daemon:
            await daemon.app.store.do(unprocessed.keep, time.time(), "b1aa@b.example", "not understood", large)
            (one,) = await asked_json(daemon, "bounce", "unprocessed")
            assert (one["id"], one["size"]) == (1, len(large))
            assert (await asked(daemon, "bounce", "unprocessed", "--show", "1")).stdout_bytes == large
            assert await asked_json(daemon, "bounce", "unprocessed", "--drop", "1") == {"dropped": 1}
            assert await asked_json(daemon, "bounce", "unprocessed") == []

    asyncio.run(story())
