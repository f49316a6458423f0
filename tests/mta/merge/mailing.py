"""An ordinary mailing for the tests, and the message it makes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.message import Merge, compile_content

NAMES = ("customer.name", "customer.email", "owner.name", "owner.email", "city", "age", "tags[]", "orders[]")
ROWS = ("orders[].title", "orders[].price", "orders[].lines[]", "orders[].lines[].code")
GIVEN = {"date": "Thu, 12 Mar 2026 09:30:00 +0000", "message_id": "<1.a@mta.example.com>"}
CONTENT = Content(
    sender=Mailbox("news@example.com", "Pigeon news"),
    to=Mailbox("{{ customer.email }}", "{{ customer.name }}"),
    subject="News",
    text="Hello\n",
)


def compiled(names: Collection[str] = (*NAMES, *ROWS), **changes: Any) -> Merge:
    """The ordinary mailing with changes, compiled."""
    return compile_content(replace(CONTENT, **changes), names)


def rendered(values: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """The ordinary mailing with changes, as the message for a recipient with these values."""
    return compiled(**changes).render({**GIVEN, "customer.email": "jo@example.net", **(values or {})})


def text(source: str, values: dict[str, Any] | None = None) -> str:
    """The decoded text part of a mailing with that text, without the line end that ends it."""
    octets = rendered(values, text=source).partition(b"\r\n\r\n")[2]
    return _decoded(octets).removesuffix("\n")


def html(source: str, values: dict[str, Any] | None = None) -> str:
    """The decoded HTML part of a mailing with that HTML, without the line end that ends it."""
    octets = rendered(values, text="", html=source).partition(b"\r\n\r\n")[2]
    return _decoded(octets).removesuffix("\n")


def _decoded(octets: bytes) -> str:
    whole = octets.replace(b"=\r\n", b"").replace(b"\r\n", b"\n")
    head, *rest = whole.split(b"=")
    return b"".join([head, *(bytes([int(part[:2], 16)]) + part[2:] for part in rest)]).decode()
