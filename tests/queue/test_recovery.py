"""Start-up: what each state found on disk means."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import struct
import subprocess
from pathlib import Path

import pytest

from postduif.errors import StoreError
from postduif.queue import connection, directory, recovery, salvage
from postduif.queue.upgrade import VERSION
from tests.queue.mail import KEY, a_store, addresses, delivered, put, sql


def fill(directory: Path, count: int = 30, *, clean: bool = True) -> list[int]:
    """A queue with `count` messages; not `clean`: with the write-ahead log as a crash leaves it."""

    async def story() -> list[int]:
        async with a_store(directory) as store:
            ids = [await put(store, f"u{number}@example.com", text="x" * 3000) for number in range(count)]
            if not clean:
                for name in ("queue.sqlite", "queue.sqlite-wal"):
                    (directory / f"copy-{name}").write_bytes((directory / "queue" / name).read_bytes())
            return ids

    ids = asyncio.run(story())
    if not clean:
        for name in ("queue.sqlite", "queue.sqlite-wal"):
            (directory / f"copy-{name}").rename(directory / "queue" / name)
    return ids


def reopen(directory: Path) -> list[str]:
    """Open it, lease everything and take one message more; returns who is in it."""

    async def story() -> list[str]:
        async with a_store(directory) as store:
            entries = await store.lease(KEY, 1000)
            for entry in entries:
                await store.content(entry.envelope.id)
            id_ = await put(store, "more@example.com")
            assert all(entry.envelope.id < id_ for entry in entries)
            return addresses(entries)

    return asyncio.run(story())


def names(directory: Path) -> set[str]:
    """Of the files in the queue's directory."""
    return {path.name for path in (directory / "queue").iterdir()}


def aside(directory: Path) -> list[Path]:
    """The damaged files that were kept, without their logs."""
    return sorted(path.with_suffix("") for path in (directory / "queue").glob("*.damaged-*.reason"))


def test_a_new_queue_is_private(tmp_path: Path) -> None:
    """The directory is made 0700 and the file 0600, with our application id and version."""
    reopen(tmp_path)
    assert names(tmp_path) == {"queue.sqlite", "lock"}
    assert stat.S_IMODE((tmp_path / "queue").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "queue" / "queue.sqlite").stat().st_mode) == 0o600
    assert sql(tmp_path, "PRAGMA application_id") == [(connection.APPLICATION_ID,)]
    assert sql(tmp_path, "PRAGMA user_version") == [(VERSION,)]


def test_what_a_crash_leaves_is_taken_up(tmp_path: Path) -> None:
    """A write-ahead log that nobody emptied is part of the queue."""
    fill(tmp_path, clean=False)
    assert len(reopen(tmp_path)) == 30
    assert aside(tmp_path) == []


def test_who_looks_at_the_end_makes_it_no_crash(tmp_path: Path) -> None:
    """The log is emptied at a clean end also while another program has the file open for reading."""

    async def story() -> sqlite3.Connection:
        async with a_store(tmp_path) as store:
            await put(store, "u@example.com")
            reader = connection.connect_reader(tmp_path / "queue" / "queue.sqlite")
            assert reader.execute("SELECT count(*) FROM recipient").fetchone() == (1,)
            return reader

    reader = asyncio.run(story())
    assert (tmp_path / "queue" / "queue.sqlite-wal").stat().st_size == 0
    reader.close()


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    """The error names the remedy, and what is there is not touched."""
    (tmp_path / "queue").mkdir(mode=0o755)
    with pytest.raises(StoreError, match="chmod 700"):
        reopen(tmp_path)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("name", ["queue.sqlite", "queue.sqlite-wal", "lock"])
@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    """A symlink, FIFO or directory in the place of one of our files is neither followed nor opened nor moved."""
    (tmp_path / "queue").mkdir(mode=0o700)
    path = tmp_path / "queue" / name
    if kind == "symlink":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(StoreError, match="queue/"):
        reopen(tmp_path)
    assert path.is_symlink() == (kind == "symlink")
    assert not (tmp_path / "elsewhere").exists()


def test_a_second_daemon_is_refused_and_a_stale_lock_is_no_obstacle(tmp_path: Path) -> None:
    """The lock is the process's, not the file's; the error names the process that has it."""

    async def story() -> None:
        async with a_store(tmp_path):
            with pytest.raises(StoreError, match=f"in use by process {os.getpid()}; stop it first"):
                async with a_store(tmp_path):
                    pass

    asyncio.run(story())
    (tmp_path / "queue" / "lock").write_text("1\n")
    reopen(tmp_path)


def test_what_a_dead_daemon_left_is_named_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer hangs with the lock: the error does not ask to stop a process that is not there."""
    monkeypatch.setattr(directory, "PATIENCE", 0.05)
    with subprocess.Popen(["/bin/true"]) as dead:
        dead.wait()
    held = directory.lock(_made(tmp_path))
    os.pwrite(held.descriptor, f"{dead.pid}\n".ljust(16).encode(), 0)
    with pytest.raises(StoreError, match=f"daemon {dead.pid}, which is dead, has left; `fuser"):
        reopen(tmp_path)
    held.release()
    reopen(tmp_path)


def _made(tmp_path: Path) -> Path:
    (tmp_path / "queue").mkdir(mode=0o700)
    return tmp_path / "queue"


@pytest.mark.parametrize("size", [0, 1, 50, 99])
def test_a_file_without_a_header_is_set_aside(tmp_path: Path, size: int) -> None:
    """It is renamed with a note, and a new queue is begun."""
    fill(tmp_path)
    os.truncate(tmp_path / "queue" / "queue.sqlite", size)
    assert reopen(tmp_path) == []
    (kept,) = aside(tmp_path)
    assert kept.stat().st_size == size
    assert "octets" in kept.with_name(kept.name + ".reason").read_text()


def test_a_foreign_file_is_set_aside(tmp_path: Path) -> None:
    """Neither what is no database nor another program's database is ours to change."""
    (tmp_path / "queue").mkdir(mode=0o700)
    path = tmp_path / "queue" / "queue.sqlite"
    path.write_bytes(b"From a@b Thu Nov 21 15:13:00 2024\n" * 100)
    assert reopen(tmp_path) == []
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE message (id)")
    other.close()
    assert reopen(tmp_path) == []
    reasons = {file.with_name(file.name + ".reason").read_text() for file in aside(tmp_path)}
    assert reasons == {"it is no SQLite file\n", "it belongs to another program\n"}


def test_a_queue_of_a_newer_version_is_refused_as_it_is(tmp_path: Path) -> None:
    """It is not damaged: the newer program must be installed again."""
    fill(tmp_path)
    path = tmp_path / "queue" / "queue.sqlite"
    content = bytearray(path.read_bytes())
    content[60:64] = struct.pack(">I", VERSION + 1)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="newer Postduif"):
        reopen(tmp_path)
    assert path.read_bytes() == content
    assert aside(tmp_path) == []


def test_a_queue_of_an_earlier_version_is_upgraded(tmp_path: Path) -> None:
    """With all that is in it; the files of mailings too, which may be open to nobody."""
    fill(tmp_path)
    of_mailing = tmp_path / "queue" / "mailings" / "7"
    of_mailing.mkdir(parents=True, mode=0o700)
    for path in (tmp_path / "queue" / "queue.sqlite", of_mailing / "queue.sqlite"):
        if not path.exists():
            recovery.create(path, 8)
        with contextlib.closing(sqlite3.connect(path)) as file:
            file.execute("ALTER TABLE journal DROP COLUMN command")
            file.execute("PRAGMA user_version = 1")
    assert len(reopen(tmp_path)) == 30
    for path in (tmp_path / "queue" / "queue.sqlite", of_mailing / "queue.sqlite"):
        with contextlib.closing(sqlite3.connect(path)) as file:
            assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
            assert file.execute("SELECT count(command) FROM journal").fetchone() == (0,)
    assert aside(tmp_path) == []


def test_a_damaged_queue_of_an_earlier_version_keeps_its_journal(tmp_path: Path) -> None:
    """What is saved of it are the columns that it has."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            await put(store)
            await store.settle([delivered(one) for one in await store.lease(KEY, 1)])

    asyncio.run(story())
    path = tmp_path / "queue" / "queue.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE journal DROP COLUMN command")
        file.execute("PRAGMA user_version = 1")
    saved = path.with_name("saved.sqlite")
    recovery.create(saved, 8)
    salvage.salvage_rows(path, saved, ())
    with contextlib.closing(sqlite3.connect(saved)) as file:
        assert file.execute("SELECT kind, command FROM journal").fetchall() == [("delivered", "")]


def test_a_table_that_is_missing_is_damage(tmp_path: Path) -> None:
    """Mail in the tables that are there is saved."""
    fill(tmp_path)
    with sqlite3.connect(tmp_path / "queue" / "queue.sqlite") as file:
        file.execute("DROP TABLE journal")
    file.close()
    assert len(reopen(tmp_path)) == 30
    assert len(aside(tmp_path)) == 1


@pytest.mark.parametrize("part", [0.5, 0.75, 0.9])
def test_of_a_truncated_file_what_can_be_read_is_saved(tmp_path: Path, part: float) -> None:
    """The rest stays in the file that is set aside; what is saved can be delivered."""
    fill(tmp_path, 100)
    path = tmp_path / "queue" / "queue.sqlite"
    size = int(path.stat().st_size * part)
    os.truncate(path, size)
    saved = reopen(tmp_path)
    (kept,) = aside(tmp_path)
    assert kept.stat().st_size == size
    assert 100 * part * 0.5 < len(saved) == len(set(saved)) < 100


@pytest.mark.parametrize("clean", [True, False])
def test_garbage_in_any_page_loses_no_more_than_what_was_there(tmp_path: Path, clean: bool) -> None:
    """Start-up succeeds whatever page is overwritten; most of the mail is saved, the damaged file is kept."""
    page = connection.PAGE_SIZE
    total = 60
    fill(tmp_path / "model", total, clean=clean)
    original = {p.name: p.read_bytes() for p in (tmp_path / "model" / "queue").iterdir() if p.suffix != ".lock"}
    pages = len(original["queue.sqlite"]) // page
    saved: list[int] = []
    for number in range(1, pages, max(1, pages // 12)):
        directory = tmp_path / f"{number}"
        (directory / "queue").mkdir(mode=0o700, parents=True)
        for name, content in original.items():
            (directory / "queue" / name).write_bytes(content)
        with (directory / "queue" / "queue.sqlite").open("r+b") as file:
            file.seek(number * page)
            file.write(b"\xa5" * page)
        found = reopen(directory)
        saved.append(len(found))
        assert len(found) == total or len(aside(directory)) == 1
    assert sorted(saved)[len(saved) // 2] >= total // 2


def test_a_damage_met_while_running_is_looked_for_at_the_next_start(tmp_path: Path) -> None:
    """The whole file is checked then, however big, and set aside."""
    fill(tmp_path, 200)
    path = tmp_path / "queue" / "queue.sqlite"

    async def story() -> None:
        async with a_store(tmp_path) as store:
            (entry,) = await store.lease(KEY, 1)
            with path.open("r+b") as file:
                for offset in range(connection.PAGE_SIZE * 3, path.stat().st_size, connection.PAGE_SIZE):
                    file.seek(offset)
                    file.write(b"\xa5" * 100)
            while True:
                await store.settle([delivered(entry)])
                (entry,) = await store.lease(KEY, 1)
                await store.content(entry.envelope.id)

    with pytest.raises(StoreError):
        asyncio.run(story())
    assert "queue.sqlite.suspect" in names(tmp_path)
    reopen(tmp_path)
    assert len(aside(tmp_path)) == 1
    assert "queue.sqlite.suspect" not in names(tmp_path)


def test_a_log_without_its_file_is_kept(tmp_path: Path) -> None:
    """Somebody removed the file: the log is set aside, and a new queue is begun."""
    fill(tmp_path, clean=False)
    (tmp_path / "queue" / "queue.sqlite").unlink()
    assert reopen(tmp_path) == []
    assert any(name.endswith("-wal") and ".damaged-" in name for name in names(tmp_path))


def test_a_start_that_was_cut_short_leaves_no_trace(tmp_path: Path) -> None:
    """A half-made new file is made again."""
    (tmp_path / "queue").mkdir(mode=0o700)
    (tmp_path / "queue" / "queue.sqlite.new").write_bytes(b"half")
    reopen(tmp_path)
    assert names(tmp_path) == {"queue.sqlite", "lock"}


def test_damage_on_two_sides_does_not_hide_what_is_between(tmp_path: Path) -> None:
    """Messages between two damaged pages of a table are saved too."""
    fill(tmp_path, 300)
    path = tmp_path / "queue" / "queue.sqlite"
    content, size = path.read_bytes(), connection.PAGE_SIZE
    pages = [at for at in range(0, len(content), size) if b"news@shop.example" in content[at : at + size]]
    leaves = [at for at in pages if content[at] == 13]  # the type of a table's leaf
    for at in (leaves[0], leaves[-1]):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\xa5" * connection.PAGE_SIZE)
    saved = reopen(tmp_path)
    assert len(aside(tmp_path)) == 1
    assert len(leaves) == 3
    assert 100 < len(saved) < 200


@pytest.mark.parametrize("stray", [False, True])
def test_a_salvage_cut_short_before_the_last_rename_is_ended(tmp_path: Path, stray: bool) -> None:
    """When the damaged file has gone, the salvaged one gets its name; a log left over does not join it."""
    fill(tmp_path)
    directory = tmp_path / "queue"
    (directory / "queue.sqlite").rename(directory / "queue.sqlite.salvaged")
    if stray:
        (directory / "queue.sqlite-wal").write_bytes(b"of the damaged file")
        (directory / "queue.sqlite-wal").chmod(0o600)
    assert len(reopen(tmp_path)) == 30
    assert len(aside(tmp_path)) == stray
    assert "queue.sqlite.salvaged" not in names(tmp_path)


def test_a_salvage_cut_short_before_that_begins_anew(tmp_path: Path) -> None:
    """While the damaged file has its name, what an earlier start had salvaged counts for nothing."""
    fill(tmp_path, 100)
    path = tmp_path / "queue" / "queue.sqlite"
    os.truncate(path, path.stat().st_size // 2)
    path.with_name("queue.sqlite.salvaged").write_bytes(b"half")
    assert len(reopen(tmp_path)) > 10
    assert len(aside(tmp_path)) == 1
    assert "queue.sqlite.salvaged" not in names(tmp_path)
