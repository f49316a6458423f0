"""The columns of the tables of the queue file that are written and read in one order everywhere."""

from __future__ import annotations

from typing import Any

Row = tuple[Any, ...]

MESSAGE_COLUMNS = (
    "id, body, sender, stream, received_at, before_queue, expires_at, envid, ret, origin, size, message_id, "
    "header_from, eight_bit, smtputf8, bulk"
)
RECIPIENT_COLUMNS = (
    "id, queue, address, orcpt, notify, attempts, due, hold, last_code, last_enhanced, last_text, last_remote, merge"
)
JOURNAL_COLUMNS = (
    "at, message, recipient, sender, stream, domain, kind, attempt, code, enhanced, text, remote_mta, site, source, "
    "host, tls, before_queue, in_queue, connect, transmit, size, message_id, number, category, command"
)
