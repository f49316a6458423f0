"""Reads a delivery status notification (RFC 3464) with Python's email package, which has no part in writing ours."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import Message
from typing import NamedTuple, cast

_CHARACTER = re.compile(r"\\x\{([0-9A-F]{2,6})\}")


class Notice(NamedTuple):
    """What a notification says about one recipient."""

    message_id: str
    """Of the letter that was returned."""
    recipient: str
    action: str
    status: str


def read(content: bytes) -> list[Notice]:
    """One notice per recipient. Raises ValueError, which says what is missing."""
    report = email.message_from_bytes(content, policy=email.policy.default)
    if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
        raise ValueError("not a multipart/report of a delivery status")
    parts = list(report.iter_parts())
    if len(parts) != 3:
        raise ValueError(f"{len(parts)} parts instead of 3")
    _, status, returned = parts
    if status.get_content_type() != "message/delivery-status":
        raise ValueError(f"its second part is {status.get_content_type()}")
    about, *recipients = cast(list[Message], status.get_payload())
    if not about["Reporting-MTA"] or not recipients:
        raise ValueError("no Reporting-MTA, or nobody it is about")
    message_id = _returned_id(returned)
    return [
        Notice(message_id, _address(one["Final-Recipient"]), str(one["Action"]).lower(), str(one["Status"]))
        for one in recipients
    ]


def _returned_id(part: Message) -> str:
    """The Message-ID of the mail, or of its header section, that came back."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return str(cast(Message, payload[0])["Message-ID"])
    octets = cast(bytes, part.get_payload(decode=True))
    return str(email.message_from_bytes(octets, policy=email.policy.default)["Message-ID"])


def _address(final_recipient: object) -> str:
    """`rfc822; a@b` or `utf-8; \\x{E9}@b` (RFC 3464 2.3.2, RFC 6533 section 3)."""
    text = str(final_recipient or "").partition(";")[2].strip()
    return _CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)
