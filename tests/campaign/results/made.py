"""Mailings for tests: a file as preparing writes it, and rows as the MTA writes them when it delivers."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from postduif.address import parse
from postduif.envelope import Envelope
from postduif.queue import columns, directory
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import Terms
from postduif.queue.mailing_file import Excluded, MailingFile, Target, hand_over

NUMBER = 7
START = 1_790_000_000.0
ENDS = ("delivered", "failed", "expired", "suppressed", "withdrawn")


def mailing(
    data_dir: Path, people: Sequence[Target], excluded: Sequence[Excluded] = (), waves: Sequence[int] = ()
) -> sqlite3.Connection:
    """Handed over in that directory; the connection of its one writer."""
    directory.prepare(data_dir)
    file = MailingFile(
        data_dir / "campaign" / "prepared",
        NUMBER,
        b"template",
        Envelope(parse("news@sender.example"), header_from="sender.example"),
        Terms(),
    )
    file.add(people)
    file.exclude(excluded)
    folder = file.finish(waves)
    hand_over(folder, data_dir, at=START, expires_at=START + 86400, waves=(None,) * max(0, len(waves) - 1))
    return connect_writer(data_dir / "mailings" / str(NUMBER) / FILE_NAME)


@cache
def _whole(people: tuple[Target, ...], excluded: tuple[Excluded, ...], waves: tuple[int, ...]) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory() as place:
        return copied(mailing(Path(place) / "data", people, excluded, waves))


def in_memory(
    people: Sequence[Target], excluded: Sequence[Excluded] = (), waves: Sequence[int] = ()
) -> sqlite3.Connection:
    """The same without a disk; each caller has one of their own."""
    return copied(_whole(tuple(people), tuple(excluded), tuple(waves)))


def copied(source: sqlite3.Connection) -> sqlite3.Connection:
    """All of it, in memory."""
    target = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    source.backup(target)
    return target


def happens(
    connection: sqlite3.Connection, number: int, kind: str, at: float = START + 10, *, to: int = NUMBER, **said: object
) -> None:
    """What the MTA writes in the transaction that settles an attempt, or when something comes back later.

    `to` is the mailing.
    """
    id_ = (to << 24) + number
    asked = "SELECT address, domain, attempts FROM recipient r JOIN scheduled_queue q ON q.id = queue WHERE r.id = ?"
    before = "SELECT recipient, domain, attempt FROM journal WHERE number = ? ORDER BY id DESC"
    address, domain, attempts = (
        connection.execute(asked, (id_,)).fetchone() or connection.execute(before, (number,)).fetchone()
    )
    tried = kind in ("delivered", "failed", "deferred", "ambiguous")
    values: dict[str, object] = {
        "at": at, "message": to, "recipient": address, "sender": "news@sender.example", "domain": domain,
        "stream": f"mailing:{to}", "kind": kind, "attempt": attempts + tried, "number": number,
        **dict.fromkeys(("code", "size", "before_queue", "in_queue", "connect", "transmit"), 0), **said,
    }  # fmt: skip
    names = columns.JOURNAL_COLUMNS.split(", ")
    row = [values.get(name, "") for name in names]
    connection.execute("BEGIN")
    connection.execute(f"INSERT INTO journal ({columns.JOURNAL_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)
    if kind in ENDS:
        connection.execute("DELETE FROM recipient WHERE id = ?", (id_,))
    elif tried:
        reply = [
            said.get(name, unsaid) for name, unsaid in (("code", 0), ("enhanced", ""), ("text", ""), ("remote_mta", ""))
        ]
        connection.execute(
            "UPDATE recipient SET attempts = attempts + 1, due = ?, last_code = ?, last_enhanced = ?, last_text = ?, "
            "last_remote = ? WHERE id = ?",
            (at + 600, *reply, id_),
        )
    connection.execute("COMMIT")


def lose(connection: sqlite3.Connection, number: int) -> None:
    """As after damage: it does not wait, and nothing says why."""
    connection.execute("DELETE FROM recipient WHERE id = ?", ((NUMBER << 24) + number,))


def number_of(connection: sqlite3.Connection, contact: int) -> int:
    """Preparing puts those of one domain together, so numbers are not in the order of the contacts."""
    return int(connection.execute("SELECT number FROM person WHERE contact = ?", (contact,)).fetchone()[0])


def person(contact: int, address: str, *, seed: bool = False) -> Target:
    """One who is written to."""
    return Target(address, "[]", contact, seed=seed)
