"""The nouns of mail: Message, Recipient, Envelope (RFC 5321 2.3.1), with the DSN wishes of RFC 3461.

A Message never changes after the door. A Recipient has identity and carries its own state; the Envelope of a
queued message is shared by all its recipients.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from postduif.address import Address
from postduif.reply import Reply


class Status(enum.Enum):
    """What became of one recipient. The first is the only one that is not an end."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Notify(enum.Flag):
    """NOTIFY of RFC 3461 4.1. An empty value means that the sender did not say: FAILURE, and DELAY as we are set."""

    NEVER = enum.auto()
    SUCCESS = enum.auto()
    FAILURE = enum.auto()
    DELAY = enum.auto()


UNSAID = Notify(0)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def ascii_orcpt(orcpt: str) -> str:
    """An ORCPT for a host without SMTPUTF8 and for a 7-bit report: `utf-8;j\\x{F6}rg@...` (RFC 6533 section 3)."""
    return _BEYOND_ASCII.sub(lambda match: f"\\x{{{ord(match[0]):X}}}", orcpt)


@dataclass(frozen=True, slots=True)
class Message:
    """Mail data as it goes over the wire: lines end in CRLF, not dot-stuffed, ends in CRLF."""

    content: bytes
    eight_bit: bool = False
    """Some octet is above 127, so the next hop must know 8BITMIME (RFC 6152)."""
    smtputf8: bool = False
    """The header section holds UTF-8, so the next hop must know SMTPUTF8 (RFC 6531)."""
    vouched_from: int = 0
    """Where the body begins when its maker vouches for it, so that nobody has to look: it is ASCII and, but for empty
    lines at its end, in DKIM's relaxed form; no line of the whole message begins with a dot. 0: look."""


@dataclass(slots=True)
class Recipient:
    """One forward-path of one message, with its own state."""

    address: Address
    orcpt: str = ""
    """ORCPT of RFC 3461 4.2, exactly as given (`rfc822;a+2Bb@example.com`); "" when it was not."""
    notify: Notify = UNSAID
    id: int = 0
    """Unique in its queue file; 0 before it is stored."""
    attempts: int = 0
    due: float = 0.0
    """When it may next be tried, seconds since the epoch."""
    last_reply: Reply | None = None
    merge: str = ""
    """The values the content is merged with for this recipient (`mta.merged`); "": the content is no template."""


@dataclass(slots=True)
class Envelope:
    """Who a message is from and for, and how long it may take."""

    sender: Address
    recipients: list[Recipient] = field(default_factory=list)
    """Those being handed over; [] in the envelope of a leased Entry, which carries its one recipient itself."""
    id: int = 0
    """The queue id: unique, growing, decimal in logs and replies. 0 before it is stored."""
    stream: str = "default"
    received_at: float = 0.0
    """Seconds since the epoch, when the client's last byte was here."""
    before_queue: float = 0.0
    """Seconds from the client's MAIL command to its last byte."""
    expires_at: float = 0.0
    """Seconds since the epoch, when we give up."""
    envid: str = ""
    """ENVID of RFC 3461 4.4, xtext as given; "" when it was not."""
    ret: str = ""
    """RET of RFC 3461 4.3: "FULL", "HDRS" or "" when it was not given."""
    origin: str = ""
    """Who submitted it, for the operator: `192.0.2.1`, `user@192.0.2.1`, `local`, `dsn`."""
    size: int = 0
    """Octets of the content."""
    message_id: str = ""
    """The Message-ID header field's value, for the operator."""
    header_from: str = ""
    """The domain of the From header field, lower-case: picks the DKIM key."""
    eight_bit: bool = False
    smtputf8: bool = False
    bulk: bool = False
    """It is automatic or list mail (Auto-Submitted, Precedence): it is never answered by a DSN of a loop (RFC 3834)."""


@dataclass(slots=True)
class Entry:
    """A leased piece of work: one recipient of one message."""

    envelope: Envelope
    recipient: Recipient
