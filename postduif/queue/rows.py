"""Nouns to rows of the queue file and back. Nothing here touches the disk."""

from __future__ import annotations

import math
import re

from postduif.address import Address
from postduif.attempt import UNTRIED, Attempt
from postduif.envelope import Entry, Envelope, Notify, Recipient
from postduif.queue.columns import Row
from postduif.reply import Reply

RECIPIENT_BITS = 24
MAX_RECIPIENTS = (1 << RECIPIENT_BITS) - 1
"""Of one message, in its whole life."""

MAX_WORDS = 2000
"""Characters of a reply that are kept. A host may say 64 KB at each attempt for each recipient; the disk is ours."""

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def moment(seconds: float) -> float:
    """A time rounded down to 0.1 ms, as due times are kept: JSON then carries it exactly."""
    return math.floor(seconds * 1e4 + 0.01) / 1e4


def message_of(recipient_id: int) -> int:
    """The message a recipient belongs to."""
    return recipient_id >> RECIPIENT_BITS


def first_recipient(message_id: int) -> int:
    """The lowest id a recipient of the message can have; the highest is `MAX_RECIPIENTS` more."""
    return message_id << RECIPIENT_BITS


def message_row(envelope: Envelope) -> Row:
    """The row of MESSAGE_COLUMNS."""
    return (
        envelope.id,
        envelope.id,
        str(envelope.sender),
        envelope.stream,
        envelope.received_at,
        envelope.before_queue,
        envelope.expires_at,
        envelope.envid,
        envelope.ret,
        envelope.origin,
        envelope.size,
        envelope.message_id,
        envelope.header_from,
        int(envelope.eight_bit),
        int(envelope.smtputf8),
        int(envelope.bulk),
    )


def envelope(row: Row) -> Envelope:
    """The envelope, without recipients, of a row of MESSAGE_COLUMNS."""
    (id_, _, sender, stream, received_at, before_queue, expires_at, envid, ret, origin, size, message_id, *rest) = row
    header_from, eight_bit, smtputf8, bulk = rest
    return Envelope(
        address(sender),
        [],
        id_,
        stream,
        received_at,
        before_queue,
        expires_at,
        envid,
        ret,
        origin,
        size,
        message_id,
        header_from,
        bool(eight_bit),
        bool(smtputf8),
        bool(bulk),
    )


def recipient_row(recipient: Recipient, queue: int) -> Row:
    """The row of RECIPIENT_COLUMNS, not held."""
    return (
        recipient.id,
        queue,
        str(recipient.address),
        recipient.orcpt,
        recipient.notify.value,
        recipient.attempts,
        recipient.due,
        0,
        *reply_columns(recipient.last_reply),
        recipient.merge,
    )


def recipient(row: Row) -> Recipient:
    """The recipient of a row of RECIPIENT_COLUMNS."""
    id_, _, text, orcpt, notify, attempts, due, _, code, enhanced, reply_text, remote, merge = row
    reply = Reply(code, enhanced, reply_text, remote) if code else None
    return Recipient(address(text), orcpt, Notify(notify), id_, attempts, due, reply, merge)


def reply_columns(reply: Reply | None) -> Row:
    """The columns last_code to last_remote."""
    return (reply.code, reply.enhanced, reply.text[:MAX_WORDS], reply.remote_mta) if reply else (0, "", "", "")


def journal_row(entry: Entry, attempt: Attempt) -> Row:
    """The row of JOURNAL_COLUMNS. `attempt` counts from 1; ends that are no attempts keep the last number."""
    envelope, recipient, reply = entry.envelope, entry.recipient, attempt.reply
    return (
        attempt.at,
        envelope.id,
        str(recipient.address),
        str(envelope.sender),
        envelope.stream,
        recipient.address.domain,
        attempt.kind.value,
        recipient.attempts + (attempt.kind not in UNTRIED),
        reply.code,
        reply.enhanced,
        reply.text[:MAX_WORDS],
        reply.remote_mta,
        attempt.site,
        attempt.source,
        attempt.host,
        attempt.tls,
        attempt.before_queue,
        attempt.in_queue,
        attempt.connect,
        attempt.transmit,
        envelope.size,
        envelope.message_id,
        recipient.id & MAX_RECIPIENTS,
        attempt.category,
        attempt.command,
    )


def address(text: str) -> Address:
    """The address that `str(address)` wrote. It was checked at the door, so it is only taken apart here."""
    if text.startswith('"'):
        localpart, _, domain = text.rpartition('"')
        return Address(_ESCAPE.sub(r"\1", localpart[1:]), domain[1:])
    localpart, _, domain = text.rpartition("@") if "@" in text else (text, "", "")
    return Address(localpart, domain)
