"""The machine-readable part of a notification: message/delivery-status (RFC 3464 section 2), in ASCII.

Addresses beyond ASCII are written as utf-8-addr-xtext (RFC 6533 section 3), so the part needs no 8-bit road. What a
remote host or a client said is written so that it can never start a field of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from postduif.address import Address
from postduif.attempt import Attempt, Kind
from postduif.envelope import Envelope, Recipient, ascii_orcpt
from postduif.header_text import date, field
from postduif.reply import Reply

MAX_DIAGNOSTIC = 1000  # characters of a remote's words

_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BEYOND = re.compile(r"[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]")  # what is no QCHAR (RFC 6533 section 3)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Fact:
    """What a notification says about one recipient."""

    recipient: Recipient
    action: str
    """"failed", "delayed", "delivered", "relayed" or "expanded" (RFC 3464 2.3.3)."""
    attempt: Attempt
    """The one that led to it."""
    will_retry_until: float | None = None
    """Seconds since the epoch; only of what is delayed."""

    @property
    def said(self) -> Reply:
        """The words to show: of what expired, the last that a host said about it, if one did."""
        last = self.recipient.last_reply
        return last if self.attempt.kind is Kind.EXPIRED and last and last.remote_mta else self.attempt.reply

    @property
    def remote_mta(self) -> str:
        """The name of the host that was spoken to; "" when none was."""
        return re.split(r"[\[:\s]", self.said.remote_mta or self.attempt.host, maxsplit=1)[0]


def delivery_status(envelope: Envelope, facts: Sequence[Fact], hostname: str) -> bytes:
    """The body of the part: the per-message group, then one group for each recipient, in order."""
    groups = [b"".join(_message_fields(envelope, hostname)), *(b"".join(_recipient_fields(fact)) for fact in facts)]
    return b"\r\n".join(groups)


def _message_fields(envelope: Envelope, hostname: str) -> list[bytes]:
    fields = [field("Reporting-MTA", f"dns; {hostname}")]
    if envelope.envid:
        fields.insert(0, _exact("Original-Envelope-Id", _xtext_decoded(envelope.envid)))
    fields.append(field("Arrival-Date", date(envelope.received_at)))
    return fields


def _recipient_fields(fact: Fact) -> list[bytes]:
    fields = []
    if fact.recipient.orcpt:
        fields.append(_exact("Original-Recipient", _original(fact.recipient.orcpt)))
    fields.append(_exact("Final-Recipient", _typed(fact.recipient.address)))
    fields.append(field("Action", fact.action))
    fields.append(field("Status", fact.attempt.reply.status))
    if fact.remote_mta:
        fields.append(field("Remote-MTA", f"dns; {fact.remote_mta}"))
    fields.append(_diagnostic(fact.said))
    fields.append(field("Last-Attempt-Date", date(fact.attempt.at)))
    if fact.action == "delayed" and fact.will_retry_until is not None:
        fields.append(field("Will-Retry-Until", date(fact.will_retry_until)))
    return fields


def _diagnostic(reply: Reply) -> bytes:
    """A remote's reply is `smtp`; our own words have a type of their own (RFC 3464 2.3.6)."""
    kind = "smtp;" if reply.remote_mta else "X-Postduif;"
    prefix = " ".join(part for part in (kind, str(reply.code), reply.enhanced) if part)
    return field("Diagnostic-Code", reply.text[:MAX_DIAGNOSTIC], prefix)


def _exact(name: str, value: str) -> bytes:
    """A value that is to be read back to the letter: neither folded nor changed, but for what is no printable ASCII."""
    return f"{name}: {_UNPRINTABLE.sub('?', value)}\r\n".encode("ascii")


def _typed(address: Address) -> str:
    text = str(address)
    return f"rfc822; {text}" if address.ascii else f"utf-8; {_utf8_xtext(text)}"


def _original(orcpt: str) -> str:
    """ORCPT as a field value: its type, and the address with the xtext of RFC 3461 4.2 taken off."""
    kind, _, encoded = orcpt.partition(";")
    if kind.lower() == "utf-8":  # has an encoding of its own, without xtext (RFC 6533 section 3)
        return f"{kind}; {ascii_orcpt(encoded)}"
    return f"{kind}; {_xtext_decoded(encoded)}"


def _xtext_decoded(text: str) -> str:
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)), text)


def _utf8_xtext(text: str) -> str:
    return _BEYOND.sub(lambda match: f"\\x{{{ord(match[0]):X}}}", text)
