"""Encodings are undone leniently: what cannot be decoded is kept, never raised."""

from __future__ import annotations

import base64

import pytest

from postduif.bounce.mail_parts import split
from postduif.bounce.mail_text import decoded, from_html, plain_words, readable, text_of


def text(head: str, body: bytes) -> str:
    """The text of a mail of one part."""
    return text_of(split(head.encode() + b"\n\n" + body).parts[0])


@pytest.mark.parametrize(
    ("charset", "octets", "said"),
    [
        ("utf-8", "é".encode(), "é"),
        ("", "é".encode(), "é"),
        ("", b"\xe9", "é"),
        ("us-ascii", b"\xe9", "é"),
        ("iso-8859-15", b"\xa4", "€"),
        ("iso-2022-jp", "配信".encode("iso-2022-jp"), "配信"),
        ("shift_jis", b"\x82\xa0\xff", "あ\ufffd"),
        ("koi8-r", "нет".encode("koi8-r"), "нет"),
        ("gb2312", "退".encode("gb2312"), "退"),
        ("no-such-charset", b"\xe9", "é"),
        ("hex", b"41", "41"),
        ("unicode_escape", rb"\x41", r"\x41"),
        ("idna", b"xn--a", "xn--a"),
        ("utf-8\n", b"a", "a"),
    ],
)
def test_charsets(charset: str, octets: bytes, said: str) -> None:
    """Known charsets are decoded; unknown ones, and codecs that are no charsets, are UTF-8 or else Latin-1."""
    assert decoded(octets, charset) == said


@pytest.mark.parametrize("broken", [b"SGVsbG8=", b"SGVs\nbG8", b"SGVsb G8=!", b"SGVsbG8=="])
def test_base64(broken: bytes) -> None:
    """Base64 is read with line breaks, strange characters and wrong padding."""
    assert text("Content-Transfer-Encoding: BASE64", broken) == "Hello"


def test_base64_of_nothing() -> None:
    """A single digit of base64 says nothing."""
    assert text("Content-Transfer-Encoding: base64", b"S") == ""


def test_quoted_printable() -> None:
    """Soft line breaks vanish, and what is no escape stays."""
    assert text("Content-Transfer-Encoding: quoted-printable", b"a=\nb=3Dc=ZZ") == "ab=c=ZZ"


def test_html() -> None:
    """Tags, styles and scripts go, breaks become lines, and references become characters."""
    page = "<head><title>x</title></head><style>p{}</style><p>a &lt;b@c.example&gt;<br>d&nbsp; <b>e</b></p>"
    page += "<script>f</script>g"
    assert from_html(page).split() == ["a", "<b@c.example>", "d", "e", "g"]
    assert "\n" in from_html(page)


@pytest.mark.parametrize("page", ["<style>never ends", "<" * 5000, "<>" * 5000, "</ >a", "&#x110000;&#0;&#xD800;"])
def test_broken_html(page: str) -> None:
    """Broken pages are read as far as they go."""
    assert isinstance(from_html(page), str)


def test_encoded_words() -> None:
    """Words of RFC 2047 are decoded, with nothing between two of them; broken ones stay."""
    assert plain_words("=?utf-8?B?w6k=?= =?iso-8859-1?q?=E9_x?= y") == "éé x y"
    assert plain_words("=?utf-8?X?abc?=") == "=?utf-8?X?abc?="
    assert plain_words("=?x-unknown?Q?a?=") == "a"


def test_html_only_when_there_is_no_plain_text() -> None:
    """A person reads the plain text; HTML is read when that is missing or empty."""
    head = b"Content-Type: multipart/alternative; boundary=x\n\n"
    plain, page = (
        b"--x\n\nplain words that say enough\n",
        b"--x\nContent-Type: text/html\n\n<p>page words that say enough</p>\n",
    )
    assert "plain" in readable(split(head + plain + page))
    assert "page" not in readable(split(head + plain + page))
    assert "page" in readable(split(head + b"--x\n\n \n" + page))


def test_attachments_are_not_read() -> None:
    """A text that is an attachment is not what the mail says."""
    head = b"Content-Type: multipart/mixed; boundary=x\n\n"
    attached = b"--x\nContent-Disposition: attachment\n\nattached\n"
    assert readable(split(head + b"--x\n\nsaid by the mail itself\n" + attached)).strip() == "said by the mail itself"


def test_long_base64_is_cut() -> None:
    """A large part costs no more than the limit."""
    assert len(text("Content-Transfer-Encoding: base64", base64.b64encode(b"a" * 200_000))) < 80_000
