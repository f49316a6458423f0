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
    SUPPRESSED = "suppressed"
    """Not tried: the recipient is on the suppression list."""
    BOUNCED = "bounced"
    """Later, by mail: it did not arrive after all."""
    COMPLAINED = "complained"
    """Later: the recipient says it is spam."""
    UNSUBSCRIBED = "unsubscribed"
    """Later: the recipient wants no more of it."""
    ANSWERED = "answered"
    """Later: an absence note, or another automatic answer."""


UNTRIED = frozenset(
    {Kind.EXPIRED, Kind.WITHDRAWN, Kind.SUPPRESSED, Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.ANSWERED}
)
"""What happens to a recipient without an attempt."""


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
    category: str = ""
    """What the reply means (`bounce.category`), when it is not positive."""
    command: str = ""
    """Which it answers (`mta.transaction`), when it is not positive; "": none, or it is our own."""
