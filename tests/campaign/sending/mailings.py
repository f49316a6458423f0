"""A mailing whose file is prepared and that is to be sent, without people or content."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postduif.address import parse
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.record import Counts, Draft, Mailing
from postduif.campaign.mailings.waves import Waves
from postduif.campaign.preparing.places import Places
from postduif.campaign.preparing.waves import sizes
from postduif.campaign.sending.acting import Means
from postduif.envelope import Envelope
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import Terms, stream_of
from postduif.queue.mailing_file import MailingFile, Target

NOW = 1_790_000_000.0


class Told:
    """What the MTA was told, in order; it does nothing about it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, do: str, **request: Any) -> None:
        """Told."""
        self.said.append(" ".join([do, *(str(value) for name, value in request.items() if name != "number")]))


def means(data_dir: Path, connection: sqlite3.Connection, told: Told, now: float = NOW) -> Means:
    """To act with."""
    return Means(connection, Places(data_dir), told, now)


def to_be_sent(data_dir: Path, connection: sqlite3.Connection, people: int = 2, waves: Waves = Waves()) -> Mailing:  # noqa: B008
    """Its record says so; the MTA does not have it."""
    by = By("anna", NOW)
    draft = Draft("a mailing", target=Spec(condition="id > 0"), waves=waves)
    seen = running.prepare(connection, editing.create(connection, draft, ("default",), by), by)
    envelope = Envelope(parse("news@sender.example"), header_from="sender.example")
    file = MailingFile(Places(data_dir).prepared_folder, seen.number, b"template", envelope, Terms())
    file.add(Target(f"p{number}@one.example", "[]", number + 1) for number in range(people))
    file.finish(sizes(waves, people))
    return running.send(connection, running.ready(connection, seen, Counts(targeted=people), by), by)


@contextlib.contextmanager
def opened_file(data_dir: Path, number: int) -> Iterator[sqlite3.Connection]:
    """The file that the MTA has, for writing."""
    with contextlib.closing(connect_writer(Places(data_dir).handed_over(number) / FILE_NAME)) as connection:
        yield connection


def held(data_dir: Path, number: int, owner: str) -> None:
    """The MTA has placed that hold in its file."""
    with opened_file(data_dir, number) as connection:
        connection.execute(
            "INSERT INTO hold (covers, stream, domain, owner, reason, placed_at) VALUES ('queues', ?, '', ?, '', 0)",
            (stream_of(number), owner),
        )
