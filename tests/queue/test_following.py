"""Those who follow the journal miss nothing unsaid."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.queue import following
from postduif.queue.columns import JOURNAL_COLUMNS
from postduif.queue.following import Page, follow, last_id
from postduif.queue.journal import prune
from postduif.queue.store import Store
from tests.queue.mail import KEY, a_store, delivered, put

INSERT = f"INSERT INTO journal ({JOURNAL_COLUMNS}) VALUES ({', '.join('?' * 25)})"


def row(at: float, kind: str) -> tuple[object, ...]:
    """A row of the journal."""
    return (at, 1, "b@example.com", "a@example.com", "default", "example.com", kind, 1, *[""] * 17)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A queue file with eight attempts, at the seconds 1 to 8; the even ones failed."""

    async def make() -> None:
        async with a_store(tmp_path):
            pass

    asyncio.run(make())
    with contextlib.closing(sqlite3.connect(tmp_path / "queue" / "queue.sqlite", isolation_level=None)) as opened:
        opened.executemany(INSERT, [row(at, "delivered" if at % 2 else "failed") for at in range(1, 9)])
        yield opened


def ids(page: Page) -> list[int]:
    """Which rows."""
    return [line.id for line in page.lines]


def test_in_order_page_by_page(journal: sqlite3.Connection) -> None:
    """Each page goes on where the one before ended, and what is of another kind is passed over."""
    first = follow(journal, 0, ["failed"], 3)
    assert (ids(first), *first[1:]) == ([2, 4, 6], 6, 0, True)
    second = follow(journal, first.seen, ["failed"], 3)
    assert (ids(second), *second[1:]) == ([8], 8, 0, False)
    assert follow(journal, 8, ["failed"], 3) == Page([], 8, 0, more=False)
    assert follow(journal, 6, ["expired"], 3) == Page([], 8, 0, more=False)


def test_looks_at_so_many_rows_at_once(journal: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with nothing in it says how far it looked."""
    monkeypatch.setattr(following, "WINDOW", 3)
    assert follow(journal, 0, ["expired"], 3) == Page([], 3, 0, more=True)
    assert ids(follow(journal, 3, ["failed"], 3)) == [4, 6]
    assert follow(journal, 3, ["failed"], 3).seen == 6


def test_says_what_was_forgotten(journal: sqlite3.Connection) -> None:
    """Rows that are gone are counted, once: when they are passed over."""
    assert prune(journal, 5.5) == 5
    page = follow(journal, 2, ["failed"], 3)
    assert (ids(page), page.seen, page.lost) == ([6, 8], 8, 3)
    assert follow(journal, 5, ["failed"], 3).lost == 0


def test_says_that_all_was_forgotten(journal: sqlite3.Connection) -> None:
    """With an empty journal everything after the place is gone, and nothing is asked for twice."""
    assert prune(journal, 100.0) == 8
    assert follow(journal, 3, ["failed"], 3) == Page([], 8, 5, more=False)
    assert last_id(journal) == 8


def test_of_a_running_store(tmp_path: Path) -> None:
    """What a store settles can be followed, also from a file that is new."""

    async def story(store: Store) -> tuple[Page, Page]:
        before = await store.questions.ask(follow, 0, ["delivered"], 10)
        await put(store)
        (entry,) = await store.lease(KEY, 1)
        await store.settle([delivered(entry)])
        return before, await store.questions.ask(follow, before.seen, ["delivered"], 10)

    async def run() -> tuple[Page, Page]:
        async with a_store(tmp_path) as store:
            return await story(store)

    before, after = asyncio.run(run())
    assert before == Page([], 0, 0, more=False)
    assert [line.recipient for line in after.lines] == ["b@example.com"]
