"""An audience for tests: a file in memory with some people, and a queue directory with a suppression list."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from postduif.bounce import suppression, suppression_file
from postduif.bounce.address_state import Event, Thresholds
from postduif.bounce.keyring import erasure_key
from postduif.campaign.audience.attributes import Collection, Kind, declare, declare_collection
from postduif.campaign.audience.contacts import save
from postduif.campaign.audience.migration import SCHEMA
from postduif.campaign.audience.upsert import Child, put_children
from postduif.campaign.audience.values import Stored
from postduif.campaign.database import migrate, transaction
from postduif.clock import SystemClock
from postduif.queue.connection import connect_writer
from postduif.queue.recovery import open_queue

NOW = 1_790_000_000.0
"""2026-09-21T14:13:20Z, a Monday."""
DAY = 86400.0
ORDERS = Collection("orders", "number")


def an_audience() -> sqlite3.Connection:
    """With attributes of each kind, and orders that have a key."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, uri=True)
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, SCHEMA)
    with transaction(connection):
        for name, kind in (
            ("country", Kind.TEXT),
            ("age", Kind.NUMBER),
            ("born", Kind.DATE),
            ("vip", Kind.BOOLEAN),
            ("tags", Kind.LIST),
        ):
            declare(connection, name, kind, name.capitalize())
        orders = declare_collection(connection, "orders", "number", Kind.NUMBER)
        declare(connection, "total", Kind.NUMBER, collection=orders.name)
        declare(connection, "paid", Kind.BOOLEAN, collection=orders.name)
    return connection


def person(connection: sqlite3.Connection, email: str, now: float = NOW, **given: str) -> int:
    """Somebody, with attributes as people write them."""
    with transaction(connection):
        return save(connection, email, given, now, "hand", "test")


def order(
    connection: sqlite3.Connection, email: str, number: int, total: Stored, paid: Stored = None, own: str | None = None
) -> None:
    """A child record of somebody, perhaps with an address of its own."""
    columns = ('"a_number"', '"a_total"', '"a_paid"')
    child = Child(email.lower(), own, own and own.lower(), (number, total, paid))
    with transaction(connection):
        put_children(connection, ORDERS, columns, [child], NOW)


def a_suppression_list(data_dir: Path, events: Iterable[Event] = (), erased: Iterable[str] = ()) -> None:
    """The queue file of an installation, as its daemon left it."""
    data_dir.chmod(0o700)
    opened = open_queue(data_dir, SystemClock())
    try:
        with contextlib.closing(connect_writer(opened.path)) as connection:
            suppression_file.prepare(connection)
            secret = erasure_key(data_dir)
            suppression.record(connection, list(events), Thresholds(5, DAY, 10 * DAY, 30 * DAY), secret)
            suppression.erase(connection, list(erased), NOW, "asked", secret)
    finally:
        opened.lock.release()


def emails(connection: sqlite3.Connection, where: str, values: Iterable[object] = ()) -> list[str]:
    """Addresses of the people of whom the SQL is true."""
    rows = connection.execute(f"SELECT email FROM contact WHERE {where} ORDER BY id", tuple(values)).fetchall()
    return [email for (email,) in rows]
