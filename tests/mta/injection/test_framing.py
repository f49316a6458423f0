"""Bodies cut out of what comes, to the letter."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postduif.mta.injection.framing import FREE_AROUND, MAX_LINE, Chunks, Framing, Sized, Unframed

BEHIND = b"POST / HTTP/1.1\r\n\r\n"
EXTENSIONS = st.sampled_from([b"", b";a", b';a=b;c="d e"', b"; x = y", b";\xc3\xa9"])
CONTENTS = st.lists(st.tuples(st.binary(min_size=1, max_size=40), EXTENSIONS), max_size=6)
TRAILERS = st.lists(st.sampled_from([b"X-Sum: 5\r\n", b"a:\r\n"]), max_size=3)
PIECES = st.integers(1, 50)


def read(framing: Framing, octets: bytes, size: int) -> bytes:
    """The content of what comes in pieces of that size."""
    content = bytearray()
    for at in range(0, len(octets), size):
        content += framing.feed(octets[at : at + size]) if not framing.over else b""
        if framing.over:
            assert octets[: at + size].endswith(framing.rest)
            framing.rest += octets[at + size :]
            break
    return bytes(content)


def by_h11(octets: bytes) -> bytes:
    """The content as h11 reads it, which forgives more."""
    http = h11.Connection(h11.SERVER)
    http.receive_data(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + octets)
    content = b""
    while not isinstance(event := http.next_event(), h11.EndOfMessage):
        content += bytes(event.data) if isinstance(event, h11.Data) else b""
    assert http.trailing_data[0] == BEHIND
    return content


@given(CONTENTS, TRAILERS, PIECES)
@example([(b"\r\n0\r\n\r\n", b"")], [], 1)
def test_chunks(contents: list[tuple[bytes, bytes]], trailers: list[bytes], size: int) -> None:
    """Whatever pieces chunks come in, their content is read, what follows them is not, and h11 reads them the same."""
    chunks = b"".join(b"%X%s\r\n%s\r\n" % (len(one), extension, one) for one, extension in contents)
    octets = chunks + b"0\r\n" + b"".join(trailers) + b"\r\n" + BEHIND
    framing = Chunks()
    assert read(framing, octets, size) == b"".join(one for one, _ in contents) == by_h11(octets)
    assert framing.over
    assert framing.rest == BEHIND


@given(st.binary(max_size=50), PIECES)
def test_sized(content: bytes, size: int) -> None:
    """As many octets as were named, and no more."""
    framing = Sized(len(content))
    assert framing.over == (not content)
    if content:
        assert read(framing, content + BEHIND, size) == content
        assert (framing.over, framing.rest) == (True, BEHIND)


@pytest.mark.parametrize(
    "octets",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\rhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"\t5\r\nhello\r\n0\r\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        b"5;\0\r\nhello\r\n0\r\n\r\n",
        b"05x\r\n",
        b"-5\r\n",
        b"\r\n0\r\n\r\n",
        b";a\r\n",
        b"1" + b"0" * 15 + b"5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloo\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"0\r\n\n",
        b"0\r\nX: y\n\r\n",
        b"0\r\nX: y\n\n",
        b"0\r\nX: y\r\n z\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\nX\r\n\r\n",
        b"0\r\n: y\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_are_no_chunks(octets: bytes, size: int) -> None:
    """A bare CR or LF, blanks, a size that some would cut short, a trailer field that is none: nobody guesses."""
    with pytest.raises(Unframed):
        read(Chunks(), octets, size)


def test_what_is_around_chunks_is_bounded() -> None:
    """One long extension, many, and endless trailers are given up; chunks of one octet each are not."""
    framing = Chunks()
    assert read(framing, b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n", 65536) == b"x" * 100_000
    assert framing.over
    for octets in (b"5;" + b"x" * MAX_LINE, b"1;" + b"x" * 100 + b"\r\nx\r\n", b"X: y\r\n"):
        framing = Chunks()
        framing.feed(b"0\r\n" if octets[:1] == b"X" else b"")
        with pytest.raises(Unframed):
            framing.feed(octets * (FREE_AROUND // len(octets) * 3 or 1))
