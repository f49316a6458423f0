"""A long body cut into its values."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.injection.items import Elements, Items, Lines, Malformed, TooLong

LONG = 1 << 20
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
MANY = st.lists(VALUES, max_size=6)


def cut(items: Items, pieces: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Values and raw octets of a body that comes in these pieces; the last raw is what follows the last item."""
    found = []
    for piece in pieces:
        items.feed(piece)
        while (item := items.next()) is not None:
            found.append(item)
    if (item := items.end()) is not None:
        found.append(item)
    return [one.text for one in found], [*(one.raw for one in found), items.rest]


def pieces(octets: bytes, size: int) -> list[bytes]:
    """The octets, so many at a time."""
    return [octets[at : at + size] for at in range(0, len(octets), size)]


@given(MANY, st.integers(1, 40), st.sampled_from(["\n", "\r\n", " \n\n\t\n"]), st.booleans())
def test_lines(values: list[object], size: int, end: str, last: bool) -> None:
    """Whatever pieces lines come in, each value is there once, and the raw octets are the body."""
    body = end.join(json.dumps(value) for value in values).encode() + (end.encode() if last else b"")
    texts, raw = cut(Lines(LONG), pieces(body, size))
    assert [json.loads(text) for text in texts] == values
    assert b"".join(raw) == body


@given(MANY, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_elements(values: list[object], size: int, indent: int | None, ascii_only: bool) -> None:
    """The same of the elements of an array, with brackets, commas, quotes and backslashes in its values."""
    body = b" \n" + json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace") + b"\n "
    texts, raw = cut(Elements(LONG), pieces(body, size))
    assert [json.loads(text) for text in texts] == json.loads(body)
    assert b"".join(raw) == body


@pytest.mark.parametrize(
    "body", [b"{}", b"1", b'"a"', b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1] 2", b"[1]]", b"[1", b"", b"]", b"[{]}"]
)
@pytest.mark.parametrize("size", [1, 100])
def test_no_array(body: bytes, size: int) -> None:
    """What is no array is said to be none."""
    with pytest.raises(Malformed):
        cut(Elements(LONG), pieces(body, size))


@pytest.mark.parametrize(("make", "body"), [(Lines, b'"%s"'), (Elements, b'["%s"'), (Elements, b"[1] %s")])
def test_too_long(make: Callable[[int], Items], body: bytes) -> None:
    """An item that grows past its length is given up while it comes; one that is as long is taken."""
    with pytest.raises(TooLong):
        cut(make(100), pieces(body % (b" " * 200), 10))
    assert cut(make(100), pieces(b"[%s]" % (b" " * 80), 10))
