"""What the sink took: one accepted message, with its envelope and what became of its signatures."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_VALUE = re.compile(rb"(?:[^\r\n]|\r\n[ \t])*")


MAX_HEADER = 65536  # octets that are searched when no empty line ends the header section


class Signature(NamedTuple):
    """One DKIM-Signature field, verified."""

    domain: str
    """d="""
    selector: str
    """s="""
    algorithm: str
    """a="""
    good: bool
    reason: str = ""
    """Why it is not good; "" when it is."""


class Received(NamedTuple):
    """One message for which the sink said 250 (or would have, had a rule with `keep` not said otherwise)."""

    sender: str
    """Reverse-path; "" is the null sender."""
    recipients: tuple[str, ...]
    """Forward-paths that were accepted, in order, as given."""
    content: bytes
    """Exactly as sent, dot-stuffing undone, ending as it came."""
    params: Mapping[str, str] = {}
    """Parameters of MAIL: upper-case keyword to value as given ("" without one)."""
    recipient_params: tuple[Mapping[str, str], ...] = ()
    """Parameters of each RCPT, in the order of `recipients`."""
    ehlo: str = ""
    client: str = ""
    """IP address of the client."""
    tls: str = ""
    """Protocol and cipher; "" in the clear."""
    chunked: bool = False
    """It came by BDAT (RFC 3030)."""
    at: float = 0.0
    """Seconds since the epoch."""
    message_id: str = ""
    """Value of the header field that identifies a message; "" when it has none."""
    duplicates: int = 0
    """How many of the recipients had this `message_id` before."""
    signatures: tuple[Signature, ...] = ()
    """Empty when nothing was verified."""
    dkim: str = ""
    """"good": every signature verifies; "bad": one does not; "none": there is none; "": nothing was verified."""

    def record(self) -> dict[str, Any]:
        """What is written about it, without the content."""
        return {
            "time": round(self.at, 6),
            "sender": self.sender,
            "recipients": list(self.recipients),
            "params": dict(self.params),
            "recipient_params": [dict(params) for params in self.recipient_params],
            "message_id": self.message_id,
            "size": len(self.content),
            "duplicates": self.duplicates,
            "dkim": self.dkim,
            "signatures": [signature._asdict() for signature in self.signatures],
            "ehlo": self.ehlo,
            "client": self.client,
            "tls": self.tls,
            "chunked": self.chunked,
        }


def identify(content: bytes, name: bytes) -> str:
    """The value of the first header field of that lower-case name, on one line; "" when there is none."""
    end = content.find(b"\r\n\r\n")
    section = b"\n" + content[: end + 2 if end >= 0 else MAX_HEADER]
    start = section.lower().find(b"\n" + name + b":")
    if start < 0:
        return ""
    value = _VALUE.match(section, start + len(name) + 2)
    return b" ".join(value[0].split()).decode("utf-8", "replace") if value else ""


def bare_newlines(content: bytes) -> int:
    """How many CR and LF stand alone."""
    # The standard library's newline decoder tells the kinds it saw in half the time of counting one of them.
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(content.decode("latin-1"), final=True)
    if decoder.newlines in (None, "\r\n"):
        return 0
    return content.count(b"\r") + content.count(b"\n") - 2 * content.count(b"\r\n")
