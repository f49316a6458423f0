"""How large the parts of a finished message are, before they were encoded for transport."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple


class Measured(NamedTuple):
    """Octets; 0 for a part that is not there."""

    html: int
    text: int


def measured(message: bytes) -> Measured:
    """The HTML and the text of a message of ours. Some milliseconds: for one message of a mailing, not for each."""
    read = message_from_bytes(message, policy=default)
    assert isinstance(read, EmailMessage)
    return Measured(_octets(read, "html"), _octets(read, "plain"))


def _octets(message: EmailMessage, kind: str) -> int:
    part = message.get_body((kind,))
    payload = part.get_payload(decode=True) if part is not None else b""
    return len(payload) if isinstance(payload, bytes) else 0
