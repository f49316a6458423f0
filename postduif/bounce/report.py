"""Notifications to senders: multipart/report of RFC 3464 and 6522, when RFC 3461 and 3834 want one.

Built from bytes, never by the email package: what remote hosts, clients and the message itself say is untrusted, and
must not add a field, a part or a line. A notification goes from the null sender, so none is ever sent about it.
docs/dsn.md says who gets which.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from postduif import header
from postduif.address import NULL_SENDER
from postduif.bounce.notice_text import notice_text, subject
from postduif.bounce.status_fields import Fact, delivery_status
from postduif.config.schema import Dsn
from postduif.envelope import UNSAID, Envelope, Message, Notify, Recipient
from postduif.header_text import date, field, message_id, quoted_printable

__all__ = ["Fact", "compose", "wanted"]

_ASKED_BY = {
    "failed": Notify.FAILURE,
    "delayed": Notify.DELAY,
    "delivered": Notify.SUCCESS,
    "relayed": Notify.SUCCESS,
    "expanded": Notify.SUCCESS,
}
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


def wanted(envelope: Envelope, recipient: Recipient, action: str) -> bool:
    """The sender is to hear of it (RFC 3461 4.1). Whether the mail is itself an answer, `compose` sees."""
    if envelope.sender == NULL_SENDER:
        return False
    if recipient.notify == UNSAID:
        return action == "failed"
    if action == "delayed" and envelope.bulk:
        return False
    return _ASKED_BY[action] in recipient.notify


def compose(
    envelope: Envelope,
    facts: Sequence[Fact],
    message: Message,
    *,
    hostname: str,
    settings: Dsn,
    now: float,
    lifetime: float,
) -> tuple[Envelope, Message] | None:
    """One notification about one message: its envelope and content, ready for the queue.

    None when there is nobody to tell, or when the mail is itself an automatic answer (RFC 3834 section 2): two machines
    would talk for ever. `facts` are of recipients for whom `wanted` said yes; `message` is the mail as it was queued,
    or an empty one when it cannot be read any more. `now` in seconds since the epoch, `lifetime` in seconds.
    """
    section, _ = header.split(message.content)
    if envelope.sender == NULL_SENDER or not facts or _is_answer(section):
        return None
    own_id = message_id(hostname, now)
    boundary = f"=_{secrets.token_hex(16)}"
    parts = [
        _text_part(notice_text(envelope, facts, hostname)),
        b"Content-Type: message/delivery-status\r\nContent-Description: Delivery status\r\n\r\n"
        + delivery_status(envelope, facts, hostname),
        _returned(envelope, facts, message, section, settings.max_size),
    ]
    delimiter = f"--{boundary}\r\n".encode("ascii")
    body = b"".join(delimiter + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode("ascii")
    head = _header(envelope, facts, section, hostname, own_id, boundary, now, eight_bit=not body.isascii())
    content = head + b"\r\n" + body
    notice = Message(content, eight_bit=not content.isascii(), smtputf8=not head.isascii())
    return _to_sender(envelope, notice, own_id, hostname, now, lifetime), notice


def _to_sender(
    envelope: Envelope, notice: Message, own_id: str, hostname: str, now: float, lifetime: float
) -> Envelope:
    """From the null sender, and no notification about this one (RFC 3461 6.1)."""
    return Envelope(
        sender=NULL_SENDER,
        recipients=[Recipient(envelope.sender, notify=Notify.NEVER)],
        received_at=now,
        expires_at=now + lifetime,
        origin="dsn",
        size=len(notice.content),
        message_id=own_id,
        header_from=hostname.lower(),
        eight_bit=notice.eight_bit,
        smtputf8=notice.smtputf8,
        bulk=True,
    )


def _is_answer(section: bytes) -> bool:
    """The mail is an automatic reply or a report (RFC 3834, RFC 6522)."""
    if header.first(section, b"auto-submitted").lower().startswith("auto-replied"):
        return True
    return header.first(section, b"content-type").lower().startswith("multipart/report")


def _header(
    envelope: Envelope,
    facts: Sequence[Fact],
    section: bytes,
    hostname: str,
    own_id: str,
    boundary: str,
    now: float,
    *,
    eight_bit: bool,
) -> bytes:
    about = header.first(section, b"message-id")
    fields = [
        f"From: Mail Delivery System <MAILER-DAEMON@{hostname}>\r\n".encode("ascii"),
        f"To: <{envelope.sender}>\r\n".encode(),
        field("Subject", subject(facts)),
        f"Date: {date(now)}\r\n".encode("ascii"),
        f"Message-ID: {own_id}\r\n".encode("ascii"),
    ]
    if _MESSAGE_ID.fullmatch(about):
        fields.append(f"In-Reply-To: {about}\r\nReferences: {about}\r\n".encode("ascii"))
    fields.append(b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n")
    fields.append(
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"\r\n'.encode("ascii")
    )
    if eight_bit:
        fields.append(b"Content-Transfer-Encoding: 8bit\r\n")
    return b"".join(fields)


def _text_part(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if octets.isascii():
        return b"Content-Type: text/plain; charset=us-ascii\r\nContent-Description: Notification\r\n\r\n" + octets
    return (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Description: Notification\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(octets)
    )


def _returned(envelope: Envelope, facts: Sequence[Fact], message: Message, section: bytes, max_size: int) -> bytes:
    """The third part: the mail itself only if it failed, is small, and RET does not say HDRS (RFC 3461 4.3)."""
    failed = any(fact.action == "failed" for fact in facts)
    if failed and envelope.ret != "HDRS" and 0 < len(message.content) <= max_size:
        kind = b"message/global" if message.smtputf8 else b"message/rfc822"
        eight = b"" if message.content.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
        return b"Content-Type: %b\r\nContent-Description: Undelivered mail\r\n%b\r\n" % (kind, eight) + message.content
    section = _within(section, max_size)
    kind = b"message/global-headers" if message.smtputf8 else b"text/rfc822-headers"
    eight = b""
    if not section.isascii():  # RFC 6533 section 6 and RFC 2045 allow it for both
        eight, section = b"Content-Transfer-Encoding: quoted-printable\r\n", quoted_printable(section)
    return b"Content-Type: %b\r\nContent-Description: Header of the mail\r\n%b\r\n" % (kind, eight) + section


def _within(section: bytes, max_size: int) -> bytes:
    """The first whole fields that fit."""
    if len(section) <= max_size:
        return section
    end = 0
    for one in header.fields(section):
        if end + len(one.raw) > max_size:
            break
        end += len(one.raw)
    return section[:end]
