"""Facts about one recipient, for tests to vary."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from postduif.mta.reasons.facts import Facts, Row, Schedule, Setting

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
FILE = "/etc/postduif/postduif.toml"
SETTINGS = {
    "retry": Setting("delivery.retry", "1m, 5m*2", f"{FILE}:31"),
    "lifetime": Setting("delivery.lifetime", "4d", "default"),
    "connections": Setting("delivery.connections", "10", "default"),
    "message_rate": Setting("message_rate of [[site]] big", "100/m", f"{FILE}:44"),
    "connection_rate": Setting("delivery.connection_rate", "6/m", f"{FILE}:32"),
}
SUBJECT = "412 from shop@example.com to anna@example.net"
END = "It is given up in 3d 23h (2027-01-19 07:58): delivery.lifetime = 4d (default)."
TRIED = "At the 1st attempt, 2m ago (07:58:00): mx.example.net[192.0.2.1]:25 said: 451 4.3.0 try later"
UNTRIED = "It was received 2m ago (07:58:00) and not tried yet."


def row(**changes: Any) -> Row:
    """A recipient in the queue, tried once."""
    return {
        "domain": "example.net",
        "stream": "default",
        "received_at": NOW - 120,
        "expires_at": NOW + 4 * 86400 - 120,
        "due": NOW + 60,
        "attempts": 1,
        "last_reply": "451 4.3.0 try later",
        "last_remote": "mx.example.net",
        "held_by": "",
        "held_because": "",
        "under_way": False,
        **changes,
    }


FRESH = row(due=NOW - 120, attempts=0, last_reply="", last_remote="")


def attempt(number: int = 1, ago: float = 120.0, **changes: Any) -> Row:
    """An attempt that was deferred."""
    return {
        "kind": "deferred",
        "at": NOW - ago,
        "attempt": number,
        "code": 451,
        "enhanced": "4.3.0",
        "text": "try later",
        "remote_mta": "mx.example.net",
        "host": "mx.example.net[192.0.2.1]:25",
        "in_queue": 0.0,
        "connect": 0.0,
        "transmit": 0.0,
        **changes,
    }


def road(**changes: Any) -> Row:
    """A site that takes mail."""
    return {
        "site": "mx.example.net",
        "hosts": ["mx.example.net"],
        "state": "ready",
        "held_by": "",
        "connections": 2,
        "connection_limit": 10,
        "ready": 7,
        "next_in": 0.0,
        "last_trouble": "",
        **changes,
    }


HOLD = {"stream": "", "domain": "example.net", "owner": "eva", "placed_at": NOW - 3600, "until": None}
FACTS = Facts(
    message=412,
    sender="shop@example.com",
    recipient="anna@example.net",
    now=NOW,
    waiting=row(),
    attempts=[attempt()],
    running=True,
    road=road(),
    hold={},
    settings=SETTINGS,
    schedule=Schedule((60.0, 300.0, 300.0), 0.1),
    zone=UTC,
)
