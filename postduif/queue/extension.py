"""Tables that others keep in the queue file, so that they change in one transaction with the queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple


class Extension(NamedTuple):
    """What the queue must know of them."""

    prepare: Callable[[sqlite3.Connection], None]
    """Makes the tables that are not there; called at every start, in no transaction."""
    tables: tuple[str, ...]
    """Their names: what can be read of them in a damaged file is taken over."""
    row_by_row: bool = False
    """So is then every row of the queue's own tables: the file has one message, which cannot be saved whole."""
