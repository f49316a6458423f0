"""What became of the mail of mailings is told once each is handed over, from where it was, whatever else there is."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postduif.mta.mailing_files import ENDED
from postduif.queue import columns, directory
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from tests.campaign.results.made import happens
from tests.campaign.telling.scene import kept, passes, settings, telling, until
from tests.fakes import FakeClock
from tests.receiver import Receiver, Reply
from tests.stories.mailings import handed_over

NOW = 1_800_000_000.0
PEOPLE = ("ann@one.example", "bob@one.example", "cleo@one.example")
ALL = ("delivered", "deferred", "failed", "expired", "withdrawn", "suppressed")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """With mailing 3, of which something has happened."""
    for one in (tmp_path / "data", tmp_path / "data" / "campaign"):
        directory.prepare(one)
    handed_over(tmp_path / "data", 3, PEOPLE, NOW - 60)
    became(tmp_path / "data", 3, (0, "delivered"))
    return tmp_path / "data"


@contextlib.contextmanager
def writing(data_dir: Path, mailing: int) -> Iterator[sqlite3.Connection]:
    """As the MTA has it open."""
    with contextlib.closing(connect_writer(directory_of(data_dir, mailing) / FILE_NAME)) as connection:
        yield connection


def became(data_dir: Path, mailing: int, *those: tuple[int, str], **said: Any) -> None:
    """Of recipients, by number."""
    with writing(data_dir, mailing) as connection:
        for number, kind in those:
            happens(connection, number, kind, NOW, to=mailing, **said)


def told(receiver: Receiver) -> list[tuple[int, int, str]]:
    """Mailing, number and kind."""
    return [(one["mailing"], one["number"], one["type"]) for one in receiver.taken]


def test_told(data_dir: Path) -> None:
    """Of what is under way that which happens from now on, of what is handed over later all; in the order of its
    journal, while somebody writes there; and what comes back by mail is left to the MTA."""
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(data_dir, receiver, *ALL, "bounced"), clock):
                became(data_dir, 3, (1, "failed"), code=550, enhanced="5.1.1", category="recipient_unknown")
                await until(clock, lambda: receiver.taken)
                handed_over(data_dir, 2, PEOPLE, NOW)
                became(
                    data_dir, 2, (2, "deferred"), (0, "delivered"), (0, "bounced"), (1, "suppressed"), (2, "expired")
                )
                with writing(data_dir, 2) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    await until(clock, lambda: len(receiver.taken) == 5)
            kinds = [(2, 2, "deferred"), (2, 0, "delivered"), (2, 1, "suppressed"), (2, 2, "expired")]
            assert told(receiver) == [(3, 1, "failed"), *kinds]
            first = receiver.taken[0]
            said = ("recipient", "contact", "code", "category", "severity", "sender", "queue_id", "stream")
            assert [first[name] for name in said] == [
                *("bob@one.example", 2, 550, "recipient_unknown", "hard", "news@sender.example", 3, "mailing:3")
            ]
            assert first["id"] == f"mailing-3-2-{round(NOW * 1e6)}"

    asyncio.run(story())


def test_kinds(data_dir: Path) -> None:
    """Only what the webhook asks for is told, and looked at once."""
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(data_dir, receiver, "failed")
            async with telling(config, clock):
                became(data_dir, 3, *[(1, "deferred")] * 3, (1, "failed"), (2, "delivered"))
                await until(clock, lambda: kept(config)["mailing-3"] == 6)
            assert told(receiver) == [(3, 1, "failed")]

    asyncio.run(story())


def test_goes_on_where_it_was(data_dir: Path) -> None:
    """One that ends while a request is under way tells that again, with the same ids, and then what came meanwhile,
    also of what was handed over and ended while nobody was there."""
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(data_dir, receiver, *ALL, batch=2)
            answered = threading.Event()
            receiver.answers = [Reply(), Reply(wait=answered)]
            async with telling(config, clock):
                became(data_dir, 3, *[(1, "deferred")] * 4)
                await until(clock, lambda: len(receiver.requests) == 2)
            answered.set()
            handed_over(data_dir, 9, PEOPLE[:1], NOW)
            became(data_dir, 9, (0, "delivered"))
            (directory_of(data_dir, 9) / ENDED).touch()
            receiver.answers = [Reply()]
            async with telling(config, clock):
                await until(clock, lambda: len(receiver.requests) == 4)
                became(data_dir, 3, (1, "failed"))
                await until(clock, lambda: len(receiver.requests) == 5)
            first, second, again, *rest = [[one["id"] for one in request.events] for request in receiver.requests]
            assert second == again
            assert receiver.requests[1].fields["webhook-id"] == receiver.requests[2].fields["webhook-id"]
            assert [len(ids) for ids in (first, second, *rest)] == [2, 2, 1, 1]
            assert len({*first, *second, *rest[0], *rest[1]}) == 6

    asyncio.run(story())


def test_in_turn(data_dir: Path) -> None:
    """A mailing with very much to tell holds up no other."""
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(data_dir, receiver, *ALL, batch=5), clock):
                handed_over(data_dir, 4, PEOPLE, NOW)
                with writing(data_dir, 3) as connection:
                    connection.execute("BEGIN")
                    for number in range(100):
                        connection.execute(_SAME, (number,))
                    connection.execute("COMMIT")
                became(data_dir, 4, (0, "delivered"))
                await until(clock, lambda: len(receiver.taken) == 101)
            assert (4, 0, "delivered") in told(receiver)[:11]
            assert [one["attempt"] for one in receiver.taken if one["mailing"] == 3] == list(range(100))

    asyncio.run(story())


_VALUES = {"kind": "'deferred'", "attempt": "?"}
_SAME = f"""
INSERT INTO journal ({columns.JOURNAL_COLUMNS})
SELECT {", ".join(_VALUES.get(name, name) for name in columns.JOURNAL_COLUMNS.split(", "))} FROM journal WHERE id = 1
"""


def test_at_rest_or_gone(data_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is at its end is not opened again; what is removed is forgotten, and what is damaged is said once."""
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(data_dir, receiver, *ALL)
            async with telling(config, clock):
                became(data_dir, 3, (1, "failed"), (2, "failed"))
                (directory_of(data_dir, 3) / ENDED).touch()
                await until(clock, lambda: len(receiver.taken) == 2)
                await passes(clock, 3)
                (directory_of(data_dir, 3) / FILE_NAME).write_bytes(b"what is not read is not complained of")
                handed_over(data_dir, 4, PEOPLE, NOW)
                (directory_of(data_dir, 4) / FILE_NAME).write_bytes(b"damaged")
                handed_over(data_dir, 5, PEOPLE, NOW)
                await passes(clock, 3)
                became(data_dir, 5, (0, "delivered"))
                await until(clock, lambda: (5, 0, "delivered") in told(receiver))
            assert capfd.readouterr().err.count("webhook_waits") == 1
            shutil.rmtree(directory_of(data_dir, 4))
            shutil.rmtree(directory_of(data_dir, 5))
            async with telling(config, clock):
                await until(clock, lambda: sorted(kept(config)) == ["deliveries", "mailing-3"])
            assert len(receiver.taken) == 3

    asyncio.run(story())
