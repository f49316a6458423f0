"""What a webhook is told: rows of the journal as one JSON text. docs/webhooks.md explains every field.

The same rows always give the same text, so a request that is made again has the same id.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence

from postduif.attempt import Kind
from postduif.bounce.category import CATEGORIES, severity
from postduif.queue.journal import Line

TYPE = "mail.events"


def body_of(lines: Sequence[Line], host: str) -> bytes:
    """The body for at least one row. `host`: our name."""
    told = {
        "type": TYPE,
        "timestamp": moment(lines[-1].at),
        "host": host,
        "data": [event_of(line) for line in lines],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def id_of(body: bytes) -> str:
    """The id of the request with this body: another body, another id."""
    return f"msg_{hashlib.blake2b(body, digest_size=16).hexdigest()}"


def event_of(line: Line) -> dict[str, object]:
    """One row of the journal, as it is told."""
    return {
        "id": f"{line.id}-{round(line.at * 1e6)}",
        "type": line.kind,
        "timestamp": moment(line.at),
        "recipient": line.recipient,
        "sender": line.sender,
        "queue_id": line.message,
        "message_id": line.message_id,
        "stream": line.stream,
        "attempt": line.attempt,
        "code": line.code,
        "enhanced": line.enhanced,
        "text": line.text,
        "remote_mta": line.remote_mta,
        "host": line.host,
        "category": line.category,
        "severity": _severity(line),
    }


def _severity(line: Line) -> str:
    """Who was not tried has failed in nothing: why he is on the list was told when it happened."""
    if line.kind == Kind.SUPPRESSED.value:
        return "none"
    return severity(line.category, line.code) if line.category in CATEGORIES else ""


def moment(at: float) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="microseconds")
    return moment.replace("+00:00", "Z")
