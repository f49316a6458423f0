"""Quoted-printable in pieces."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.canonical import relaxed_body
from postduif.mta.merge.quoted import SOFT, fixed, values
from postduif.mta.merge.value import CONTROLS

template_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=300)


def check_lines(octets: bytes) -> None:
    """Every line is legal, and as DKIM's relaxed form has it."""
    assert octets.isascii()
    for line in octets.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith(b" ")
        assert not set(line) & {9, 10, 13}
    assert b"=_" not in octets
    ended = b"x" + octets.rstrip(b"\r\n") + b"\r\n"
    assert relaxed_body(ended) == ended


@given(st.one_of(template_text, st.text(" .=\n\tFrom é", max_size=300)))
def test_fixed_text_reads_back(text: str) -> None:
    """A piece begins and ends with a line, and decodes to its text with CRLF."""
    piece = fixed(text)
    assert not piece or piece.endswith(b"\r\n")
    check_lines(piece)
    assert quopri.decodestring(piece.removesuffix(SOFT)).decode().replace("\r\n", "\n") == text


@given(st.lists(st.text(max_size=200), min_size=1, max_size=9))
def test_values_read_back(texts: list[str]) -> None:
    """Each value decodes to itself without controls, in lines that fit between two soft ends."""
    flat = [text.replace("\n", " ") for text in texts]
    try:
        "".join(flat).encode()
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            values("\n".join(flat))
        return
    pieces = values("\n".join(flat))
    for text, piece in zip(flat, pieces, strict=True):
        check_lines(piece + b"=\r\n")
        assert quopri.decodestring(piece).decode() == CONTROLS.sub(" ", text)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", b""),
        ("Dear ", b"Dear =\r\n"),
        ("Dear\n", b"Dear\r\n"),
        (".\n", b"=2E\r\n"),
        ("a \n", b"a=20\r\n"),
        ("a   b", b"a =20 b=\r\n"),
        ("\tx", b"=09x=\r\n"),
        ("From me\nFrom", b"=46rom me\r\nFrom=\r\n"),
        ("é=", b"=C3=A9=3D=\r\n"),
        ("x" * 74, b"x" * 73 + b"=\r\nx=\r\n"),
        ("x" * 72 + "é", b"x" * 72 + b"=\r\n=C3=A9=\r\n"),
        ("x" * 73 + ".", b"x" * 73 + b"=\r\n=2E=\r\n"),
    ],
)
def test_fixed_text(text: str, piece: bytes) -> None:
    """What SMTP, mailbox files and DKIM would touch is encoded; the end of a piece is soft unless the text has one."""
    assert fixed(text) == piece


@pytest.mark.parametrize(
    ("texts", "pieces"),
    [
        (["a", ".b", "c."], [b"a", b"=2Eb", b"c."]),
        (["From a", "x"], [b"=46rom a", b"x"]),
        (["a", "From b", "Fro"], [b"a", b"=46rom b", b"Fro"]),
        (["", ""], [b"", b""]),
        (["a ", " b", "c  d"], [b"a ", b" b", b"c =20d"]),
        (["=", "é\t"], [b"=3D", b"=C3=A9 "]),
        (["x" * 74, "y"], [b"x" * 73 + b"=\r\nx", b"y"]),
    ],
)
def test_values(texts: list[str], pieces: list[bytes]) -> None:
    """A value begins a line, and a soft end follows it."""
    assert values("\n".join(texts)) == pieces


def test_half_a_character_is_refused() -> None:
    """A lone surrogate cannot be encoded."""
    with pytest.raises(UnicodeEncodeError):
        fixed("\ud800")
    with pytest.raises(UnicodeEncodeError):
        values("a\n\udfff")
