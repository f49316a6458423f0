"""Notifications made in tests, and how they are read back."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from email.message import Message as Parsed
from typing import Any

from postduif.address import parse
from postduif.attempt import Attempt, Kind
from postduif.bounce.report import Fact, compose
from postduif.config.schema import Dsn
from postduif.envelope import Envelope, Message, Notify, Recipient
from postduif.reply import Reply

NOW = 1_732_201_980.0  # Thu, 21 Nov 2024 15:13:00 UTC
CONTENT = b"From: a@app.example\r\nTo: b@remote.example\r\nMessage-ID: <1@app.example>\r\nSubject: Hi\r\n\r\nHello\r\n"
REFUSED = Reply(550, "5.1.1", "no such user", "mx.remote.example")
ALL = Notify.SUCCESS | Notify.FAILURE | Notify.DELAY


def envelope(**changes: Any) -> Envelope:
    """An envelope of a message under way."""
    return Envelope(**{"sender": parse("a@app.example"), "id": 17, "received_at": NOW - 100, **changes})


def attempt(reply: Reply = REFUSED, kind: Kind = Kind.FAILED, host: str = "mx.remote.example[192.0.2.9]:25") -> Attempt:
    """A try that led to a notification."""
    return Attempt(kind, reply, NOW - 5, host=host)


def fact(action: str = "failed", recipient: str | Recipient = "b@remote.example", **changes: Any) -> Fact:
    """What became of a recipient."""
    if isinstance(recipient, str):
        recipient = Recipient(parse(recipient))
    return Fact(**{"recipient": recipient, "action": action, "attempt": attempt(), **changes})


def notice(
    *facts: Fact, content: bytes = CONTENT, max_size: int = 50_000, smtputf8: bool = False, **changes: Any
) -> tuple[Envelope, Message]:
    """A notification that is sent."""
    made = compose(
        envelope(**changes),
        facts or (fact(),),
        Message(content, smtputf8=smtputf8),
        hostname="mta.example",
        settings=Dsn(max_size=max_size),
        now=NOW,
        lifetime=86400.0,
    )
    assert made is not None
    return made


def parts(made: tuple[Envelope, Message]) -> list[Any]:
    """Its three parts."""
    parsed = email.message_from_bytes(made[1].content, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    assert not parsed.defects
    assert sum(1 for part in parsed.walk() if part.defects) == 0
    found = list(parsed.iter_parts())  # type: ignore[attr-defined]
    assert len(found) == 3
    return found


def groups(made: tuple[Envelope, Message]) -> list[Parsed]:
    """The groups of fields of its second part."""
    status = parts(made)[1]
    assert status.get_content_type() == "message/delivery-status"
    return list(status.get_payload())


def text(made: tuple[Envelope, Message]) -> str:
    """What people read, with lines joined."""
    part = parts(made)[0]
    assert isinstance(part, EmailMessage)
    return " ".join(part.get_content().split())


def wire(made: tuple[Envelope, Message]) -> bytes:
    """The content, which is fit for the wire."""
    content = made[1].content
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert content.endswith(b"\r\n")
    assert b"\0" not in content
    return content
