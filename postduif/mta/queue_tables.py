"""Every table that others than the queue itself keep in the queue file.

Whoever opens the file hands these over, the command line too: a damaged file is replaced by whoever meets it first, and
only what is named here is taken over.
"""

from __future__ import annotations

from postduif.bounce import suppression_file, unprocessed
from postduif.mta import erasure_rows, webhook_cursor
from postduif.mta.injection import kept_keys
from postduif.queue.extension import Extension

EXTENSIONS = (
    Extension(suppression_file.prepare, suppression_file.TABLES),
    Extension(unprocessed.prepare, unprocessed.TABLES),
    Extension(webhook_cursor.prepare, webhook_cursor.TABLES),
    Extension(kept_keys.prepare, kept_keys.TABLES),
    Extension(erasure_rows.prepare, erasure_rows.TABLES),
)
"""For `Store.open` and `open_queue`."""
