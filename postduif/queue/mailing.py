"""What is special about the queue file of a mailing: its name, its number, its terms, the tables beside the queue's.

A mailing is one message, a template, with very many recipients, in a queue file of its own. Its message id is its
number, and its stream is made of it; both are below all that the main file gives out.
"""

from __future__ import annotations

import json
import sqlite3
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from postduif.errors import StoreError
from postduif.queue import rows
from postduif.queue.extension import Extension

MAX_NUMBER = (1 << 31) - 1
"""Of a mailing. Ids of the main queue file begin at 100 times the seconds since 1970, far above."""
FOLDER = "mailings"
"""Below data_dir; each mailing that was handed over has a directory there, named by its number."""
TEMPLATE_FILE = "template.json"
"""Beside the queue file of a mailing: its template, for who reads the mail as a page when all of it is long gone."""
TERMS = "mailing_terms"
PAUSED, STOPPED, WAVE = "mailing paused", "mailing stopped", "wave"
"""Owners of the holds that a mailing, or its later waves, wait behind."""
_PREFIX = "mailing:"


class Terms(NamedTuple):
    """How a mailing is sent."""

    stream: str = "default"
    """The `[[stream]]` whose priority it has."""
    mail_type: str = ""
    """What those who unsubscribed are asked for; "" is nothing that one can unsubscribe from."""
    rate: float = 0.0
    """Messages a minute at most; 0 is no limit."""
    priority: int | None = None
    """In the place of the stream's."""


def stream_of(number: int) -> str:
    """The stream of a mailing's messages. No `[[stream]]` may have a colon in its name."""
    return f"{_PREFIX}{number}"


def number_of(stream: str) -> int:
    """The mailing whose stream that is; 0: it is none of a mailing."""
    text = stream.removeprefix(_PREFIX)
    return int(text) if len(text) < len(stream) and text.isascii() and text.isdigit() else 0


def of_recipient(recipient_id: int) -> tuple[int, int] | None:
    """Mailing and number in it of a recipient; None: it is not of a mailing."""
    message = rows.message_of(recipient_id)
    return (message, recipient_id & rows.MAX_RECIPIENTS) if message <= MAX_NUMBER else None


def directory_of(data_dir: Path, number: int) -> Path:
    """Where a mailing that was handed over is."""
    return data_dir / FOLDER / str(number)


def template_of(data_dir: Path, number: int) -> bytes:
    """The template of a mailing that was handed over; nothing when it is not there. Raises StoreError."""
    path = directory_of(data_dir, number) / TEMPLATE_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None


def write_terms(connection: sqlite3.Connection, terms: Terms) -> None:
    """Into the open transaction."""
    row = (TERMS, json.dumps(terms._asdict()))
    connection.execute("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2", row)


def read_terms(connection: sqlite3.Connection) -> Terms | None:
    """Those of the file; None when it has none, which is after damage."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (TERMS,)).fetchone()
    return Terms(**json.loads(row[0])) if row else None


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there."""
    connection.executescript(resources.files("postduif.queue").joinpath("mailing.sql").read_text())


EXTENSION = Extension(prepare, ("person", "excluded"), row_by_row=True)
"""For `Store.open` and `open_queue` of a mailing's file."""
