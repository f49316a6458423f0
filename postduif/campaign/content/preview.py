"""What one recipient would get: the real message, made by the real merge and read back by Python's own reader."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

from postduif.campaign.content.composing import Composed
from postduif.mta.link_addresses import addresses
from postduif.mta.merge.message import compile_content
from postduif.recipient_token import SAMPLE

SAMPLES: dict[str, object] = {
    "date": "Thu, 01 Jan 1970 00:00:00 +0000",
    "message_id": "<preview@localhost.localdomain>",
    "list_unsubscribe": "<mailto:unsubscribe@localhost.localdomain>",
    **addresses("https://localhost.localdomain", SAMPLE),
}
"""For what is made when a message is sent: nobody is unsubscribed by them, and nothing is counted."""


class Preview(NamedTuple):
    """One message, read."""

    fields: tuple[tuple[str, str], ...]
    """Name and decoded value of each header field, in order."""
    html: str
    """"" for none."""
    text: str
    size: int
    """Octets of the whole message, without its signature."""
    empty: tuple[str, ...]
    """Variables that leave a hole in it."""


def preview(composed: Composed, values: Mapping[str, object]) -> Preview:
    """Preview for these values. Raises MergeError when they make no message."""
    merge = compile_content(composed.content, composed.names)
    values = {**SAMPLES, **values}
    octets = merge.render(values)
    message = message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    fields = tuple((name, str(value)) for name, value in message.items())
    return Preview(fields, _part(message, "html"), _part(message, "plain"), len(octets), tuple(merge.empty(values)))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
