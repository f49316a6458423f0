"""Mail data: where it ends, how it is cut, what it may hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta import mail_content
from postduif.mta.mail_content import ChunkReader, DataReader

PIECES = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"\r\n.", b"\r\n.\r\n", b"\0"]), max_size=40)


def _feed(reader: DataReader, octets: bytes, sizes: list[int]) -> bytes | None:
    """What follows the end, fed in pieces of these sizes; everything after the end is given back."""
    at = 0
    for size in [*sizes, len(octets)]:
        piece = octets[at : at + size]
        at += len(piece)
        rest = reader.feed(piece)
        if rest is not None:
            return rest + octets[at:]
        if at >= len(octets):
            return None
    return None


def _plain(octets: bytes) -> tuple[bytes, bytes] | None:
    """The same, in the plainest way: content and what follows."""
    content, end, rest = (b"\r\n" + octets).partition(b"\r\n.\r\n")
    return (re.sub(rb"\r\n\.", b"\r\n", content + b"\r\n")[2:], rest) if end else None


@given(PIECES, st.lists(st.integers(1, 9), max_size=60))
def test_end_is_found_however_it_is_cut(pieces: list[bytes], sizes: list[int]) -> None:
    """The first CRLF.CRLF ends the data, wherever the octets are cut, and the dots are taken off."""
    octets = b"".join(pieces)
    reader = DataReader(10_000, 10_000)
    rest = _feed(reader, octets, sizes)
    plain = _plain(octets)
    assert (rest is None) == (plain is None)
    if rest is not None:
        assert (reader.content(), rest) == plain


@given(PIECES, st.lists(st.integers(1, 9), max_size=60), st.integers(1, 30), st.integers(1, 30))
def test_limits_hold_however_it_is_cut(pieces: list[bytes], sizes: list[int], max_size: int, max_line: int) -> None:
    """Too large or too long a line is found out exactly, and the end is found all the same."""
    octets = b"".join(pieces)
    reader = DataReader(max_size, max_line)
    rest = _feed(reader, octets, sizes)
    plain = _plain(octets)
    if plain is None:
        assert rest is None
        return
    stuffed = octets[: len(octets) - len(plain[1]) - 3]
    fits = len(plain[0]) <= max_size and all(len(line) + 2 <= max_line for line in stuffed.split(b"\r\n")[:-1])
    assert rest == plain[1]
    assert (reader.fault == "") == fits


def test_memory_stays_small_past_the_limits() -> None:
    """Past the size or in an endless line nothing is kept; far past it there is no hope."""
    for reader in (DataReader(1_000_000, 1_000_000), DataReader(10_000_000, 1000)):
        kept = 0
        for _ in range(400):
            assert reader.feed(b"x" * 65536) is None
            kept = max(kept, len(reader._buffer))
        assert kept <= 1_000_000 + 2 * 65536
        assert len(reader._buffer) < 10
        assert reader.fault
        assert reader.hopeless
        assert reader.feed(b"\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"


def test_search_does_not_begin_anew() -> None:
    """Fed octet by octet, a mail of dots and line ends takes time that grows with its length, not with its square."""
    reader = DataReader(10_000_000, 10_000_000)
    for _ in range(50_000):
        assert reader.feed(b"\r\n.x") is None
    assert reader._searched > len(reader._buffer) - 8


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ""),
        (b"a\r\nb\r\n", ""),
        (b"a\nb\r\n", "newline"),
        (b"a\rb\r\n", "newline"),
        (b"a\r\r\n", "newline"),
        (b"\n\r\n", "newline"),
        (b"a\0\r\n", "nul"),
        (b"x" * 19 + b"\r\n", "line"),
        (b"x" * 18 + b"\r\n", ""),
        (b"a\r\n" * 50 + b"x" * 19 + b"\r\n", "line"),
    ],
)
def test_faults_of_content(content: bytes, fault: str) -> None:
    """A bare CR, a bare LF, NUL and a line over the limit are told apart."""
    assert mail_content.fault_of(content, 20) == fault


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"ab", b"."]), max_size=30))
def test_newlines_are_judged_as_by_a_search(pieces: list[bytes]) -> None:
    """The newline decoder finds a bare CR or LF exactly where there is one; normalized, there is none."""
    content = b"".join(pieces) + b"\r\n"
    bare = re.search(rb"\r(?!\n)|(?<!\r)\n", content) is not None
    assert (mail_content.fault_of(content, 1000) == "newline") == bare
    assert mail_content.fault_of(mail_content.normalize(content), 1000) == ""


def test_chunk_takes_exactly_its_octets() -> None:
    """A chunk ends after its octets, whatever they are, and a refused one is swallowed."""
    kept = bytearray()
    reader = ChunkReader(5, kept)
    assert reader.feed(b"\r\n.") is None
    assert reader.feed(b"\r\nQUIT") == b"QUIT"
    assert bytes(kept) == b"\r\n.\r\n"
    refused = ChunkReader(3, None)
    assert refused.feed(b"abcd") == b"d"
