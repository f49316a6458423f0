"""Replies of remote hosts: any octets, cut anywhere, are replies or a fault, and what is made of them is harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from postduif.errors import RemoteProtocolError
from postduif.mta import reply_reader
from postduif.mta.reply_reader import ReplyReader
from postduif.mta.transaction import Features
from postduif.reply import Reply

TEXTS = st.one_of(
    st.sampled_from([b"", b" ok", b"-more", b" 5.1.1 no", b"-5.1.1 no\xff", b" 2.0.0", " 5.\u0661.\u0661 x".encode()]),
    st.binary(max_size=30),
)
LINES = st.one_of(
    st.builds(
        lambda code, text, end: code + text + end,
        st.sampled_from([b"250", b"550", b"421", b"999", b"25"]),
        TEXTS,
        st.sampled_from([b"\r\n", b"\n"]),
    ),
    st.binary(max_size=20),
    st.just(b"250-" + b"x" * 40_000 + b"\r\n"),
    st.just(b"250-again\r\n" * 60),
)
OCTETS = st.lists(LINES, max_size=12).map(b"".join)
STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


def read(pieces: Iterable[bytes]) -> tuple[list[Reply], bool, bool]:
    """The replies, whether a fault ended them, and whether something unfinished is left."""
    reader = ReplyReader("mx.example")
    replies: list[Reply] = []
    try:
        for piece in pieces:
            for reply in reader.feed(piece):
                replies.append(reply)  # noqa: PERF402  those before a fault count
            assert sum(map(len, reader._lines)) + len(reader._buffer) <= 2 * reply_reader.MAX_OCTETS
    except RemoteProtocolError:
        return replies, True, False
    assert sum(map(len, reader._known)) <= reply_reader.MAX_KNOWN * 512
    return replies, False, reader.pending


@given(OCTETS, st.lists(st.integers(1, 5000), max_size=40))
def test_replies_are_the_same_however_they_are_cut(octets: bytes, sizes: list[int]) -> None:
    """The same replies come, and the same fault after them, wherever the octets are cut."""
    cuts = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    pieces = [octets[start:end] for start, end in zip(cuts, [*cuts[1:], len(octets)], strict=True)]
    whole, piecemeal = read([octets]), read(pieces)
    assert piecemeal == whole


@given(st.lists(st.sampled_from([b"250 ok", b"250-a\r\n250 b", b"354", b"550 5.1.1 no"]), max_size=8))
def test_a_fault_takes_nothing_back(said: list[bytes]) -> None:
    """Every reply before nonsense is there, also when it came in one packet with it."""
    replies, fault, _ = read([b"".join(one + b"\r\n" for one in said) + b"nonsense\r\n"])
    assert fault
    assert len(replies) == len(said)


@given(st.integers(200, 599), st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_words_of_a_host_are_harmless(code: int, lines: list[bytes]) -> None:
    """A reply has a status in ASCII digits, no control characters, and one line where it is written down."""
    reply = Reply.decode(code, lines, "mx.example")
    assert STATUS.fullmatch(reply.status) or code // 100 == 3
    assert not reply.enhanced or reply.enhanced.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", reply.text)
    assert "\n" not in str(reply)


@given(
    st.integers(200, 599),
    st.sampled_from(["", "2.1.5", "4.2.0", "5.7.26"]),
    st.lists(
        st.text(st.characters(blacklist_categories=("C", "Z", "N")), min_size=1, max_size=50), min_size=1, max_size=5
    ),
)
def test_our_replies_read_back(code: int, enhanced: str, lines: list[str]) -> None:
    """What we say is read by our own client as it was meant."""
    enhanced = enhanced if enhanced[:1] == str(code)[0] else ""
    (reply,) = ReplyReader().feed(Reply(code, enhanced, "\n".join(lines)).encode())
    assert (reply.code, reply.enhanced, reply.text) == (code, enhanced, "\n".join(lines))


KEYWORDS = st.sampled_from(["SIZE", "size", "PIPELINING", "8BITMIME", "STARTTLS", "", "AUTH"])
VALUES = st.one_of(st.integers(0, 10**30).map(str), st.sampled_from(["\u00b2", "9" * 5000, "-1", "\u0661"]), st.text())


@given(st.lists(st.tuples(KEYWORDS, VALUES), max_size=6))
def test_any_extension_is_read(offered: list[tuple[str, str]]) -> None:
    """Whatever a host offers after EHLO, there are features, and a size is a number of at most 20 digits."""
    features = Features.of(Reply(250, "", "\n".join(["mx", *(" ".join(one) for one in offered)])))
    assert features.size is None or 0 <= features.size < 10**20
