"""The suppression list, asked and never changed: it is in the queue's file, which the MTA alone writes.

Without a queue file (nothing was ever sent) the list is empty. Each question is a short one, so that the queue's
write-ahead log is not held up by a target of a million.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from postduif.bounce import suppression_file
from postduif.bounce.address_state import Cause, Entry, refusing
from postduif.bounce.keyring import ERASURE_KEY_FILE, erasure_key
from postduif.bounce.patterns import Patterns
from postduif.bounce.subject import erased
from postduif.bounce.suppression_file import Past
from postduif.config.private_files import find_private
from postduif.errors import ConfigError, StoreError
from postduif.queue.connection import FILE_NAME, connect_reader

_ANY_ERASED = "SELECT 1 FROM suppression WHERE subject >= '#' AND subject < '$' AND cause = ? LIMIT 1"


MAX_PAST = 100


class About(NamedTuple):
    """One address on the list."""

    entries: tuple[Entry, ...]
    history: tuple[Past, ...]
    """The latest first, MAX_PAST at most."""


class SuppressionLink:
    """A connection to the list. Patterns, and whether there is anybody on it, are as they were when it was opened.

    What comes later is the MTA's to refuse: it asks again before each mail.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, secret: bytes) -> None:
        self._path = path
        self._connection = connection
        self._secret = secret
        self._patterns = Patterns()
        self._any = connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone() is not None
        patterns = suppression_file.patterns(connection)
        for pattern in patterns:
            self._patterns.add(pattern)
        self._any_patterns = bool(patterns)
        self._any_erased = connection.execute(_ANY_ERASED, (Cause.ERASED.value,)).fetchone() is not None

    def refusals(self, subjects: Sequence[str], mail_type: str, now: float) -> dict[str, Cause]:
        """Those of these who get no mail of this type ("" is mail without one), and why."""
        if not self._any:
            return {}
        asked = self._keys(subjects) if self._several else {}
        entries: dict[str, list[Entry]] = {}
        for entry in self._entries({key for keys in asked.values() for key in keys} if asked else subjects):
            entries.setdefault(entry.subject, []).append(entry)
        found = {}
        for subject in subjects if asked else entries:
            about = [entry for key in asked.get(subject, (subject,)) for entry in entries.get(key, ())]
            if about and (refusal := refusing(about, mail_type, now)):
                found[subject] = Cause(refusal.state.cause)
        return found

    def _keys(self, subjects: Sequence[str]) -> dict[str, list[str]]:
        """Of each address all that it may be on the list as."""
        keys = {subject: [subject, *self._patterns.matching(subject)] for subject in subjects}
        if self._any_erased:
            for subject, several in keys.items():
                several.append(erased(subject, self._secret))
        return keys

    def about(self, subject: str) -> About:
        """All that is on the list about an address, patterns that mean it too, and what happened to it."""
        with _as_store_errors(self._path):
            history = suppression_file.history(self._connection, subject, self._secret, MAX_PAST)
        return About(tuple(self._entries(self._keys([subject])[subject])), tuple(history))

    def erased(self, subjects: Sequence[str]) -> set[str]:
        """Those of these whose person was erased: nothing may be kept of them."""
        if not self._any_erased:
            return set()
        hashes = {erased(subject, self._secret): subject for subject in subjects}
        return {hashes[entry.subject] for entry in self._entries(hashes)}

    def _entries(self, keys: Iterable[str]) -> list[Entry]:
        with _as_store_errors(self._path):
            return suppression_file.entries_of(self._connection, list(keys))

    @property
    def _several(self) -> bool:
        return self._any_patterns or self._any_erased


@contextlib.contextmanager
def suppression_link(data_dir: Path) -> Iterator[SuppressionLink]:
    """Open the list. Raises StoreError; ConfigError when people were erased and the key of their hashes is gone."""
    path = data_dir / FILE_NAME
    with contextlib.ExitStack() as stack:
        with _as_store_errors(path):
            connection = stack.enter_context(contextlib.closing(connect_reader(path) if path.exists() else _empty()))
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'suppression'").fetchone():
                connection = stack.enter_context(contextlib.closing(_empty()))
            link = SuppressionLink(path, connection, _secret(connection, data_dir))
        yield link


def _secret(connection: sqlite3.Connection, data_dir: Path) -> bytes:
    """What erased people are hashed with; nothing when there are none. Never made here: a new one knows nobody."""
    if connection.execute(_ANY_ERASED, (Cause.ERASED.value,)).fetchone() is None:
        return b""
    place = data_dir / ERASURE_KEY_FILE
    secret = erasure_key(data_dir) if find_private(place).exists() else b""
    if not secret or suppression_file.hashed_otherwise(connection, secret):
        raise ConfigError(f"{place} is not the key that erased people were hashed with; put the old one back")
    return secret


@contextlib.contextmanager
def attached(connection: sqlite3.Connection, data_dir: Path) -> Iterator[None]:
    """The list as the schema `mta` of another connection, for as short as can be. Not inside a transaction."""
    path = data_dir / FILE_NAME
    connection.execute("ATTACH ? AS mta", (f"{path.absolute().as_uri()}?mode=ro" if path.exists() else ":memory:",))
    try:
        if not connection.execute("SELECT 1 FROM mta.sqlite_master WHERE name = 'suppression'").fetchone():
            connection.execute("DETACH mta")
            connection.execute("ATTACH ':memory:' AS mta")
            connection.execute("CREATE TABLE mta.suppression (subject, type, standing, cause)")
        yield
    finally:
        connection.execute("DETACH mta")


@contextlib.contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    suppression_file.prepare(connection)
    return connection
