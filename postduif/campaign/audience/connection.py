"""The audience's file, `data_dir/campaign/audience.sqlite`: what `postduif.campaign.database` says of it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from postduif.campaign.audience.migration import SCHEMA
from postduif.campaign.database import opened


def audience(data_dir: Path) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    """The file, opened for reading and writing, made if it is absent. Raises StoreError with the remedy."""
    return opened(data_dir, SCHEMA)
