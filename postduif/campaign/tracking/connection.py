"""The file of visits and wishes, `data_dir/campaign/tracking.sqlite`: what `postduif.campaign.database` says holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from postduif.campaign.database import Schema, opened, run_script

_STEPS = Migrations("postduif.tracking")
SCHEMA = Schema("tracking", _STEPS, frozenset({"0001 first", "0002 origins of requests", "0003 a click is an open"}))
_OPENERS = """
INSERT OR REPLACE INTO figure (mailing, name, link, hour, value)
SELECT mailing, 'human_openers', 0, 0, count(*) FROM reader WHERE opens + clicks > 0 GROUP BY mailing
UNION ALL SELECT mailing, 'openers', 0, 0, count(DISTINCT number) FROM visit JOIN reader USING (mailing, number)
WHERE visit.id <= (SELECT visit FROM counted) AND kind IN ('open', 'click') GROUP BY mailing
"""
"""By what is kept of each reader, who are none of ours: seeds have no row there."""


@_STEPS(name="0001 first")
def _first(database: Database) -> None:
    run_script(database, "postduif.campaign.tracking")


@_STEPS(name="0002 origins of requests")
def _origins(database: Database) -> None:
    """They were kept when a request was done."""
    database.conn.execute("UPDATE wish SET origin = '' WHERE done_at IS NOT NULL AND kind IN ('export', 'erase')")


@_STEPS(name="0003 a click is an open")
def _openers(database: Database) -> None:
    """Openers counted before were those with an open alone. Takes seconds for a million visits."""
    database.conn.execute(_OPENERS)
    database.conn.execute("DELETE FROM figure WHERE name IN ('readers', 'human_readers')")


def tracking(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
