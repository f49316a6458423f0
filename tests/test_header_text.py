"""What we write ourselves in mail."""

from __future__ import annotations

import email
import email.header
import email.utils
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.header_text import (
    FOLD_AT,
    MAX_TEXT,
    crlf,
    date,
    field,
    fold,
    message_id,
    one_line,
    phrase,
    quoted_printable,
)


@pytest.mark.parametrize("at", [0.0, 1_732_201_980.9, 951_782_399.0, 4_102_444_800.0])
def test_date(at: float) -> None:
    """A date reads back as the same second, with a numeric zone and a year of four digits."""
    text = date(at)
    assert email.utils.parsedate_to_datetime(text).timestamp() == int(at)
    assert text.endswith(" +0000")
    assert text == email.utils.formatdate(int(at))[:-5] + "+0000"


def test_message_id() -> None:
    """Ids are of our host and differ."""
    ids = {message_id("mta.example", 1.7e9) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("<") and one.endswith("@mta.example>") and one.isascii() for one in ids)


def decoded(octets: bytes) -> str:
    """A field's value as a reader shows it."""
    parsed = email.message_from_bytes(octets + b"\r\n")
    assert parsed.keys() == ["Subject"]
    return str(email.header.make_header(email.header.decode_header(parsed["Subject"].replace("\r\n", ""))))


@pytest.mark.parametrize(
    "text", ["Hello", "", "a  b", "é" * 100, "a =?utf-8?Q?x?= b", "x" * 3000, "word " * 300, "名前 " * 99]
)
def test_field(text: str) -> None:
    """Text reads back as it was, but for runs of blanks and its greatest length."""
    octets = field("Subject", text)
    assert decoded(octets).replace(" ", "") == one_line(text).replace(" ", "")
    assert len(one_line(text)) <= MAX_TEXT


@given(st.text(max_size=300))
def test_field_is_one_field(text: str) -> None:
    """Whatever the text, there is one field, in ASCII, with legal lines."""
    octets = field("Subject", text)
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert lines.pop() == b""
    assert lines[0].startswith(b"Subject:")
    assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
    assert all(len(line) <= 998 and not set(line) & {0, 10, 13} for line in lines)
    assert decoded(octets).replace(" ", "") == one_line(text).replace(" ", "")


@pytest.mark.parametrize("name", ["To", "Subject", "X-A-Name-That-Takes-Half-Of-The-Line"])
@pytest.mark.parametrize("text", ["word " * 300, "a: " * 300, "é" * 300, "日本語" * 100])
def test_folding(name: str, text: str) -> None:
    """Lines of words, encoded ones too, stay within 76 octets (RFC 2047 section 2)."""
    assert all(len(line) <= FOLD_AT for line in field(name, text).split(b"\r\n"))


def test_prefix_is_not_encoded() -> None:
    """What machines read stays plain before text that is encoded."""
    assert field("Diagnostic-Code", "é", "smtp; 550").startswith(b"Diagnostic-Code: smtp; 550 =?utf-8?B?")


@pytest.mark.parametrize("name", ["Jo Doe", 'a "b" \\ c', "Jö", "a\r\nX: b", "=?utf-8?Q?x?="])
def test_phrase(name: str) -> None:
    """A display name reads back as it was, on one line."""
    text = phrase(name)
    assert "\n" not in text
    shown, address = email.utils.parseaddr(f"{text} <a@b.example>")
    assert address == "a@b.example"
    assert str(email.header.make_header(email.header.decode_header(shown))) == one_line(name)


def test_no_phrase_ends_early() -> None:
    """A name that is folded stays one name, however many quotes are in its longest word."""
    name = '"' * 460 + ",<evil@b.example>," + '"' * 20
    unfolded = fold("To", [*phrase(name, 4).split(" "), "<a@b.example>"]).decode().replace("\r\n", "")
    (only,) = email.utils.getaddresses([unfolded.removeprefix("To: ")])
    assert str(email.header.make_header(email.header.decode_header(only[0]))) == name
    assert only[1] == "a@b.example"


def test_quoted_printable() -> None:
    """A body reads back to the octet, in short lines of ASCII."""
    body = "é.\r\n".encode() + b"x" * 2000 + b"\r\n.\r\n trailing \r\n\xff\r\n"
    encoded = quoted_printable(body)
    assert quopri.decodestring(encoded) == body
    assert encoded.isascii()
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert encoded.count(b"\n") == encoded.count(b"\r\n")


def test_crlf() -> None:
    """Local line ends become those of mail, once."""
    assert crlf(b"a\nb\r\nc\n\n") == b"a\r\nb\r\nc\r\n\r\n"
