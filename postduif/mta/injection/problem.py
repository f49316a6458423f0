"""What is wrong with a request, for machines: problem details (RFC 9457) with a stable `code`."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import NamedTuple

from postduif.errors import PostduifError
from postduif.reply import Reply

STATUS = {
    "bad_request": 400,
    "malformed": 400,
    "unauthorized": 401,
    "sender_not_allowed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "timeout": 408,
    "key_under_way": 409,
    "length_required": 411,
    "too_large": 413,
    "unsupported_type": 415,
    "expectation_failed": 417,
    "key_reused": 422,
    "invalid": 422,
    "template": 422,
    "refused": 422,
    "no_recipients": 422,
    "too_many_refusals": 422,
    "too_many_failures": 429,
    "rate": 429,
    "header_too_large": 431,
    "failure": 500,
    "not_implemented": 501,
    "memory": 503,
    "connections": 503,
    "stopping": 503,
    "storage_failed": 503,
    "version": 505,
    "storage_full": 507,
}
"""The status of each code. Codes are never given another meaning."""
WAITS = {"memory": 5, "connections": 5, "stopping": 10, "storage_failed": 10, "storage_full": 60, "key_under_way": 1}
"""Seconds of Retry-After, where trying again helps."""
TYPE = "application/problem+json"
_FORBIDDEN = 553
_FULL = 452


class Answer(NamedTuple):
    """A response, before HTTP."""

    status: int
    body: bytes
    """JSON."""
    type: str = "application/json"
    fields: tuple[tuple[str, str], ...] = ()
    """Header fields beside those of every response."""
    code: str = "accepted"
    """For metrics and the log."""


class Problem(PostduifError):  # noqa: N818  the name says what it is
    """The request cannot be done, or not further."""

    def __init__(self, code: str, detail: str, *, wait: float = 0.0, fields: tuple[tuple[str, str], ...] = ()) -> None:
        """`wait`: seconds of Retry-After, when it is not that of `WAITS`."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.more: dict[str, object] = {}
        """Further members of the body."""
        self._wait = wait or WAITS.get(code, 0)
        self._fields = fields

    def answer(self) -> Answer:
        """The response."""
        status = STATUS[self.code]
        said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
        body = json.dumps({**said, "code": self.code, "detail": self.detail, **self.more})
        wait = (("Retry-After", str(max(1, round(self._wait + 0.5)))),) if self._wait else ()
        return Answer(status, body.encode(), TYPE, (*self._fields, *wait), self.code)


def of_reply(reply: Reply) -> Problem:
    """What the door of all mail said, as an HTTP client hears it."""
    if reply.code == _FORBIDDEN:
        code = "sender_not_allowed"
    elif reply.code == _FULL:
        code = "storage_full"
    else:
        code = "refused" if reply.code >= 500 else "storage_failed"
    return Problem(code, f"{reply.enhanced} {reply.text}")
