"""One try at one recipient, as the journal keeps it: what was tried, by whom, how long it took, what was said."""

from __future__ import annotations

import enum
from typing import NamedTuple

from postduif.reply import Reply


class Kind(enum.Enum):
    """What an attempt led to."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    AMBIGUOUS = "ambiguous"
    """The connection was lost after the final dot: the remote may have taken it (RFC 1047). Tried again later."""


class Attempt(NamedTuple):
    """One row of the journal. Times are in seconds."""

    kind: Kind
    reply: Reply
    at: float
    """When it ended, seconds since the epoch."""
    site: str = ""
    source: str = ""
    host: str = ""
    """`name[address]:port` of the MX tried last; "" when none was reached."""
    tls: str = ""
    """Protocol and cipher, "" in the clear."""
    before_queue: float = 0.0
    """From the client's MAIL to its last byte."""
    in_queue: float = 0.0
    """From our 250 (or the last attempt's end) to the start of this attempt's transaction or connection."""
    connect: float = 0.0
    """DNS, connection, greeting, TLS; 0 on a reused connection."""
    transmit: float = 0.0
    """From MAIL to the final reply."""
