"""The file of forms and answers, `data_dir/campaign/forms.sqlite`: what `postduif.campaign.database` says holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, path_of, run_script

_STEPS = Migrations("postduif.forms")
SCHEMA = Schema("forms", _STEPS, frozenset({"0001 first"}))


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.forms")


def forms(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)


def are_there(data_dir: Path) -> bool:
    """Whether there ever was a form, and so a file."""
    return path_of(data_dir, SCHEMA).exists()
