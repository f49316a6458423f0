"""The relaxed canonical form against a plain reading of RFC 6376."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.canonical import relaxed_body, relaxed_fields


def plain_reading(body: bytes) -> bytes:
    """RFC 6376 3.4.4, sentence by sentence."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


pieces = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"\r\n\r\n", b"  ", b"\n", b"\r", b"\xff", b"   b"]))


@given(pieces.map(b"".join))
def test_body_is_what_the_rfc_says(body: bytes) -> None:
    """The fast way and the plain reading of RFC 6376 3.4.4 agree on any body."""
    assert relaxed_body(body) == plain_reading(body)


@given(pieces.map(b"".join))
def test_body_is_stable(body: bytes) -> None:
    """A canonical body stays the same object."""
    canonical = relaxed_body(body)
    assert relaxed_body(canonical) is canonical


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b" \r\n\t\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"a", b"a\r\n"),
    ],
)
def test_body_examples(body: bytes, canonical: bytes) -> None:
    """The example of RFC 6376 3.4.5, and the empty ones."""
    assert relaxed_body(body) == canonical


@pytest.mark.parametrize("piece", [b"\r\n", b" ", b"\t", b" \r\n", b"\n ", b"a  \r\n", b"\r", b"\n  \r\n"])
def test_no_body_is_slow(piece: bytes) -> None:
    """Time grows with the size, whatever the body is made of."""
    body = piece * (4_000_000 // len(piece))
    began = time.process_time()
    relaxed_body(body)
    assert time.process_time() - began < 2


def test_fields_are_found_whatever_their_spelling() -> None:
    """Names lose case and blanks before the colon; values are unfolded and squeezed; repeated ones run bottom up."""
    section = b"A: X\r\nsubject : one\t two \r\nX: y\r\nSUBJECT:\r\n  three\r\n\tfour\r\nSubjective: no\r\n"
    order, found = relaxed_fields(section, {b"Subject": b"subject:", b"subject": b"subject:", b"a": b"a:"})
    assert order == (b"a:", b"subject:", b"subject:")
    assert found == {b"a:": b"a:X", b"subject:": b"subject:three four\r\nsubject:one two"}
