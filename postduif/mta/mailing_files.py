"""The files of mailings that nobody has open: which there are, how they stand, small reads and changes of them.

Whoever changes one has the mailing's lock, or is alone because no daemon runs. Raises StoreError. Blocks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from postduif.errors import StoreError
from postduif.queue import mailing
from postduif.queue.connection import FILE_NAME, connect_reader, connect_writer, is_damage, mark_suspect
from postduif.queue.forgetting import forget_waiting
from postduif.queue.mailing import Terms
from postduif.queue.mailing_standing import Standing, standing_of

T = TypeVar("T")

ENDED = "ended"
"""A file of this name beside the queue file: nothing waits in it, so it need not be looked into."""


def numbers(folder: Path) -> list[int]:
    """Of all that were handed over, the oldest first."""
    try:
        return sorted(int(one.name) for one in folder.iterdir() if one.name.isdigit())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from None


def forget_in_files(data_dir: Path, addresses: Sequence[str], now: float) -> dict[int, str]:
    """The same as `Mailings.forget`, while no daemon runs."""
    return _forget_in(data_dir / mailing.FOLDER, addresses, now) | forget_prepared(data_dir, addresses, now)


def forget_prepared(data_dir: Path, addresses: Sequence[str], now: float) -> dict[int, str]:
    """In those that are not handed over yet; which could not be written, and why."""
    return _forget_in(data_dir / "campaign" / "prepared", addresses, now)


def _forget_in(folder: Path, addresses: Sequence[str], now: float) -> dict[int, str]:
    failed = {}
    for number in numbers(folder):
        try:
            forget_in_file(folder / str(number) / FILE_NAME, addresses, now)
        except StoreError as error:
            failed[number] = str(error)
    return failed


def forget_in_file(path: Path, addresses: Sequence[str], now: float) -> None:
    """In that one, if it is there."""
    if path.exists():
        write(path, forget_waiting, (list(addresses), now))


def ended(folder: Path) -> list[int]:
    """Those of them that have nothing to send any more."""
    return [number for number in numbers(folder) if (folder / str(number) / ENDED).exists()]


def not_ended(folder: Path) -> list[int]:
    """Those of them that may have something to send."""
    return [number for number in numbers(folder) if not (folder / str(number) / ENDED).exists()]


def looked_into(path: Path) -> tuple[Standing, Terms]:
    """How it stands and how it is sent, whoever has it open."""
    return read(path, lambda connection: (standing_of(connection), mailing.read_terms(connection) or Terms()), ())


def mark_ended(path: Path) -> None:
    """Nothing waits in it: nobody need look into it again."""
    try:
        path.with_name(ENDED).touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path.parent}: {error.strerror}") from None


def read(path: Path, query: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """`query(connection, *arguments)` on a connection that cannot write."""
    try:
        with contextlib.closing(connect_reader(path)) as connection:
            return query(connection, *arguments)
    except sqlite3.Error as error:
        if is_damage(error):
            mark_suspect(path)
        raise StoreError(f"{path} cannot be read: {error}") from None


def write(path: Path, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """`function(connection, *arguments)` in a transaction; it is on disk when this returns."""
    try:
        with contextlib.closing(connect_writer(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            result = function(connection, *arguments)
            connection.execute("COMMIT")
            return result
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be written: {error}") from None
