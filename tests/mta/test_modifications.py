"""What the door reads of a header section, and what it takes out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.modifications import MAX_HEADER, Section, read


def section(content: bytes, *, hide: bool = True) -> Section:
    """The section of a mail that has one."""
    found = read(content, hide=hide)
    assert found is not None
    return found


def test_ordinary() -> None:
    """Fields stay as they are; the body begins after the empty line."""
    content = b"From: a@b.example\r\nSubject: long\r\n\t folded\r\nx: \xff\r\n\r\nBody\r\n\r\nmore\r\n"
    found = section(content)
    assert found.octets == content.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert content[found.body_at :] == b"Body\r\n\r\nmore\r\n"


def test_watched_values() -> None:
    """Fields of interest are found whatever their case, folded, top first."""
    found = section(b"RECEIVED: one\r\nFrom : a@\r\n b\r\nreceived: two\r\nX-Received: three\r\n\r\n")
    assert found.values(b"received") == [b" one\r", b" two\r"]
    assert found.values(b"from") == [b" a@\r\n b\r"]
    assert found.values(b"date") == []


@pytest.mark.parametrize(
    ("content", "octets", "body"),
    [
        (b"\r\nBody\r\n", b"", b"Body\r\n"),
        (b"Just text\r\n\r\nFrom: no\r\n", b"", b"Just text\r\n\r\nFrom: no\r\n"),
        (b" From: a\r\n\r\nBody\r\n", b"", b" From: a\r\n\r\nBody\r\n"),
        (b"From: a\r\nno field\r\nTo: b\r\n\r\nBody\r\n", b"From: a\r\n", b"no field\r\nTo: b\r\n\r\nBody\r\n"),
        (b"From: a\r\n", b"From: a\r\n", b""),
        (b"From: a\r\n\r\n", b"From: a\r\n", b""),
        (b"From: a\r\n \r\n\r\nBody\r\n", b"From: a\r\n \r\n", b"Body\r\n"),
        (b": a\r\n", b"", b": a\r\n"),
        (b"\xc3\xa9: a\r\n\r\n", b"", b"\xc3\xa9: a\r\n\r\n"),
    ],
)
def test_where_the_body_begins(content: bytes, octets: bytes, body: bytes) -> None:
    """The first line that is no field ends the header section; nothing of the mail is lost."""
    found = section(content)
    assert (found.octets, content[found.body_at :]) == (octets, body)


def test_hidden_recipients_go() -> None:
    """Bcc and Resent-Bcc are taken out whole, wherever they stand, but only where mail is submitted."""
    content = b"Bcc: a@x,\r\n b@x\r\nTo: c@x\r\nresent-bcc: d@x\r\nX-Bcc: stays\r\nBCC :\r\n\r\nBcc: body\r\n"
    assert section(content).octets == b"To: c@x\r\nX-Bcc: stays\r\n"
    assert section(content, hide=False).octets == content.partition(b"\r\n\r\n")[0] + b"\r\n"


def test_our_own_fields_go() -> None:
    """X-Postduif-* never leaves; its values are kept for the door."""
    found = section(b"x-postduif-stream: news\r\nTo: c@x\r\nX-Postduif-Other: 1\r\n 2\r\n\r\n", hide=False)
    assert found.octets == b"To: c@x\r\n"
    assert found.values(b"x-postduif-stream") == [b" news\r"]


@pytest.mark.parametrize(
    ("field", "automatic"),
    [
        (b"Subject: x", False),
        (b"Auto-Submitted: no", False),
        (b"Auto-Submitted: No (human)", False),
        (b"Auto-Submitted: auto-generated", True),
        (b"Auto-Submitted: auto-replied; x=y", True),
        (b"Precedence: Bulk", True),
        (b"Precedence: list", True),
        (b"Precedence: junk", True),
        (b"Precedence: first-class", False),
        (b"List-Id: <x.example>", True),
    ],
)
def test_automatic(field: bytes, automatic: bool) -> None:
    """Mail of machines and lists is known by its header (RFC 3834, RFC 2919)."""
    assert section(field + b"\r\n\r\n").automatic is automatic


def fill(size: int) -> bytes:
    """A header section of that many octets."""
    lines, rest = divmod(size, 64)
    return b"a: %b\r\n" % (b"x" * (rest + 59)) + (b"b: %b\r\n" % (b"y" * 59)) * (lines - 1)


@pytest.mark.parametrize("tail", [b"\r\nBody\r\n", b""])
def test_longest(tail: bytes) -> None:
    """A header section of the greatest length is read."""
    assert len(section(fill(MAX_HEADER) + tail).octets) == MAX_HEADER


@pytest.mark.parametrize("more", range(1, 70))
def test_too_long(more: int) -> None:
    """A longer one is refused, wherever in its last line the limit falls."""
    assert read(fill(MAX_HEADER - 4 + more + 4) + b"\r\nBody\r\n", hide=True) is None


def test_too_long_by_folding() -> None:
    """One endless field is refused too."""
    assert read(b"a: x\r\n" + b" y\r\n" * MAX_HEADER, hide=True) is None
    assert read(b"a: " + b"x" * 2 * MAX_HEADER + b"\r\n\r\n", hide=True) is None


def test_long_text_without_header() -> None:
    """A long mail of text alone has an empty header section."""
    assert section(b"no field here\r\n" * MAX_HEADER).octets == b""
    assert section(b"a: b\r\n" + b"no field here\r\n" * MAX_HEADER).octets == b"a: b\r\n"


def test_time_is_bounded() -> None:
    """The largest header section of the smallest fields does not hold up the others."""
    began = time.thread_time()
    section((b"from:\r\n" * (MAX_HEADER // 7)) + b"\r\n")
    assert time.thread_time() - began < 0.5


@given(st.lists(st.sampled_from([b"From: a", b"Bcc: b", b" fold", b"text", b"", b"x-postduif-a: b", b":"]), max_size=9))
def test_any_lines(lines: list[bytes]) -> None:
    """What is left of a header section is fields alone, none of them hidden, and the body is the end of the mail."""
    content = b"".join(line + b"\r\n" for line in lines) or b"\r\n"
    found = section(content)
    assert content.endswith(content[found.body_at :])
    again = section(found.octets + b"\r\nrest\r\n")
    assert again.octets == found.octets
    assert not {b"bcc", b"x-postduif-a"} & again.watched.keys()
