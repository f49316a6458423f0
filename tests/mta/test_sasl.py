"""PLAIN and LOGIN: what a client's answers mean, and that nothing odd gets through."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.errors import Refused
from postduif.mta.sasl import MECHANISMS, Claim, Login, Plain


def _coded(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def test_plain() -> None:
    """User and password are found; an authorization identity may only repeat the user."""
    assert Plain().answer(_coded(b"\0alice\0p w")) == Claim("alice", "p w")
    assert Plain().answer(_coded(b"alice\0alice\0x")) == Claim("alice", "x")
    assert Plain().answer(_coded("\0jürgen\0pässwort".encode())) == Claim("jürgen", "pässwort")
    assert Plain().answer(_coded(b"bob\0alice\0x")) == Claim("", "")


def test_login() -> None:
    """Two questions, two answers."""
    exchange = Login()
    assert exchange.challenge() == b"Username:"
    assert exchange.answer(_coded(b"alice")) is None
    assert exchange.challenge() == b"Password:"
    assert exchange.answer(_coded(b"secret")) == Claim("alice", "secret")


@pytest.mark.parametrize(
    "line",
    [b"*", b"=", b"", b"?", b"YQ", b"YQ==YQ==", b" YQ==", b"YWJj\n", _coded(b"a\0b\0c\0d"), _coded(b"\0a"),
     _coded(b"\0\xff\0x"), _coded(b"\0" + b"a" * 256 + b"\0x"), _coded(b"\0a\0" + b"x" * 1025)],
)  # fmt: skip
def test_wrong_plain_is_501(line: bytes) -> None:
    """Cancelled, not base64, or not three parts of bounded UTF-8: 501."""
    with pytest.raises(Refused) as refused:
        Plain().answer(line)
    assert (refused.value.reply.code, refused.value.reply.enhanced) == (501, "5.5.2")


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_anything_is_a_claim_or_refused(first: bytes, second: bytes) -> None:
    """Whatever a client answers, it ends in a claim or a refusal."""
    for kind in MECHANISMS.values():
        exchange = kind()
        for line in (first, _coded(second), second):
            try:
                claim = exchange.answer(line)
            except Refused:
                break
            if claim is not None:
                assert "\0" not in claim.user + claim.password
                break


def test_claim_does_not_show_its_password() -> None:
    """A claim that ends up in a log or traceback shows no password."""
    assert "secret" not in repr(Claim("alice", "secret"))
