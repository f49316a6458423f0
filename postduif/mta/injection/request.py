"""The head of an HTTP request, judged and read: what h11 would forgive, and a proxy before us might read otherwise.

One way to read a request, or none (RFC 9112 11.2): no bare CR or LF, no folded lines, one length at most, in digits,
and never beside Transfer-Encoding. The grammar itself is h11's. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import h11

from postduif.mta.client_network import ClientAddress
from postduif.mta.injection.problem import Problem

END = b"\r\n\r\n"
MAX_FIELDS = 100
BEGINNING = re.compile(rb"\r?\Z|[A-Z]{1,20}(?:\Z| [^ \r\n]*(?:\Z| [HTP/0-9.]*\r?(?:\Z|(?<=\r)\n)))")
"""What may still become a request: a line of it, or the whole of it. Methods are in capitals."""
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLDED = re.compile(rb"\r\n[ \t]")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*([^\r]*)")
_ORIGIN = re.compile(r"\Ahttps?://[^/?#]*", re.IGNORECASE)
"""What a target begins with in absolute form, which servers take as well (RFC 9112 3.2.2)."""
_ONCE = (b"transfer-encoding", b"content-type", b"authorization", b"idempotency-key", b"expect")


class Request(NamedTuple):
    """The head of one request."""

    method: str
    path: str
    """Without the query."""
    fields: dict[bytes, bytes]
    """By name in lower case; of a field that came twice the last."""
    client: ClientAddress
    tls: str
    """"" is in the clear."""

    @property
    def length(self) -> int | None:
        """Content-Length."""
        value = self.fields.get(b"content-length")
        return int(value) if value is not None else None

    @property
    def chunked(self) -> bool:
        """The body comes in chunks; h11 knows no other coding."""
        return b"transfer-encoding" in self.fields

    @property
    def has_body(self) -> bool:
        """It said that one comes, perhaps of no octets."""
        return b"content-length" in self.fields or b"transfer-encoding" in self.fields


def judge(head: bytes) -> None:
    """A whole head, its blank line included, before h11 reads it. Raises Problem."""
    if _BARE.search(head):
        raise Problem("bad_request", "a control character, or a CR or LF of its own, in the header")
    if _FOLDED.search(head[: -len(END)]):
        raise Problem("bad_request", "a header field over several lines (RFC 9112 5.2)")
    lengths = _LENGTH.findall(head)  # of equal ones h11 would make one
    if len(lengths) > 1 or not all(length.strip(b" \t").isdigit() for length in lengths):
        raise Problem("bad_request", "Content-Length is not one number")
    if head.count(b"\r\n") > MAX_FIELDS + 2:
        raise Problem("header_too_large", f"more than {MAX_FIELDS} header fields")


def read(event: h11.Request, client: ClientAddress, tls: str) -> Request:
    """What h11 read. Raises Problem."""
    names = [name for name, _ in event.headers]
    fields = dict(event.headers)
    for name in _ONCE:
        if names.count(name) > 1:
            raise Problem("bad_request", f"more than one {name.decode().title()} field")
    if b"content-length" in fields and b"transfer-encoding" in fields:
        raise Problem("bad_request", "Content-Length beside Transfer-Encoding")
    if event.http_version not in (b"1.0", b"1.1"):
        raise Problem("version", "this door speaks HTTP/1.1")
    if event.http_version == b"1.0" and b"transfer-encoding" in fields:
        raise Problem("bad_request", "Transfer-Encoding in HTTP/1.0")
    if (expected := fields.get(b"expect")) is not None and expected.lower() != b"100-continue":
        raise Problem("expectation_failed", "only 100-continue can be expected of us")
    target = event.target.decode("ascii", "replace")
    path = _ORIGIN.sub("", target, 1).partition("?")[0]
    return Request(event.method.decode("ascii", "replace"), path, fields, client, tls)
