"""Heads of requests: what may still become one, and what is refused before it is read."""

from __future__ import annotations

import pytest

from postduif.mta.injection.problem import Problem
from postduif.mta.injection.request import BEGINNING, judge

GOOD = b"POST /api/v1/inject HTTP/1.1\r\nHost: mta\r\nContent-Length: 5\r\n\r\n"


def test_every_beginning_of_a_head() -> None:
    """Cut anywhere, a head may still become one; whole, nothing is wrong with it."""
    assert all(BEGINNING.match(GOOD[:end]) for end in range(len(GOOD)))
    judge(GOOD)


@pytest.mark.parametrize(
    "octets", [b"EHLO me\r\n", b"\x16\x03\x01", b"GET /\n", b"GET / HTTP/1.1\n", b"post /", b" POST"]
)
def test_no_beginning(octets: bytes) -> None:
    """Other protocols are known by their first octets, nobody waits for the rest."""
    assert not BEGINNING.match(octets)


@pytest.mark.parametrize(
    "field", [b"X: a\nY: b", b"X: a\rb", b"X: \0", b"X: a\r\n b", b"Content-Length: 6", b"Content-length: x"]
)
def test_refused(field: bytes) -> None:
    """A control character, a line of its own, a fold, a second length."""
    with pytest.raises(Problem) as caught:
        judge(GOOD.replace(b"Host: mta", field))
    assert caught.value.code == "bad_request"
