"""The Received field that the door puts on top of every mail (RFC 5321 4.4), and the counting of those before it.

What the client said of itself is written only when it is a host name or address literal, so that no text of a client
can change the field's form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from postduif.header_text import date

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_.])?|\[[A-Za-z0-9:.]{2,45}\]")
_TLS = re.compile(r"[A-Za-z0-9._ -]{1,100}")


def received(
    *, ehlo: str, address: str, hostname: str, protocol: str, tls: str, queue_id: int, recipient: str, at: float
) -> bytes:
    """The field, CRLF included. `recipient` "" leaves FOR out, `queue_id` 0 leaves ID out, `tls` "" is in the clear."""
    literal = _literal(address)
    greeted = ehlo if _HOST.fullmatch(ehlo) else literal
    secured = f" ({tls})" if tls and _TLS.fullmatch(tls) else ""
    queued = f" id {queue_id}" if queue_id else ""
    wanted = f"\r\n\tfor <{recipient}>" if recipient and recipient.isascii() else ""
    return (
        f"Received: from {greeted} ({literal})\r\n\tby {hostname} with {protocol}{secured}{queued}{wanted};\r\n\t"
        f"{date(at)}\r\n"
    ).encode("ascii", "replace")


def protocol(*, esmtp: bool, tls: bool, authenticated: bool, utf8: bool) -> str:
    """The WITH keyword of RFC 3848 and RFC 6531 4.3."""
    if not esmtp:
        return "SMTP"
    return ("UTF8SMTP" if utf8 else "ESMTP") + ("S" if tls else "") + ("A" if authenticated else "")


def visits(received_fields: Iterable[bytes], hostname: str) -> int:
    """How many of these Received fields were written by `hostname`."""
    by_us = _by(hostname.lower())
    return sum(by_us.search(value) is not None for value in received_fields)


@lru_cache(maxsize=8)
def _by(hostname: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?i)[\s)]by\s+" + re.escape(hostname.encode("ascii", "replace")) + rb"[\s;]")


@lru_cache(maxsize=1024)
def _literal(address: str) -> str:
    """An IP address as an address-literal (RFC 5321 4.1.3); "" is this machine without a connection."""
    if not address:
        return "[127.0.0.1]"
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
