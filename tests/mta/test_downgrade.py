"""Messages for peers without 8BITMIME or SMTPUTF8, compared part by part as the email package reads them."""

from __future__ import annotations

import email
import email.policy
import time
from email.message import Message as Parsed

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from postduif.envelope import Message
from postduif.mta.downgrade import MAX_DEPTH, MAX_PARTS, fit, quoted_printable
from postduif.reply import Reply

E = "é".encode()


def message(*lines: bytes, smtputf8: bool = False) -> Message:
    content = b"".join(line + b"\r\n" for line in lines)
    return Message(content, eight_bit=not content.isascii(), smtputf8=smtputf8)


def seven(given: Message) -> bytes:
    """The message for a peer without extensions, checked against the old one as the email package reads both."""
    found = fit(given, eight_bit_mime=False, smtputf8=False, addresses_ascii=True)
    assert isinstance(found, Message), found
    assert found.content.isascii()
    assert not found.eight_bit
    assert found.content.endswith(b"\r\n")
    old, new = (list(email.message_from_bytes(one.content).walk()) for one in (given, found))
    assert [part.get_content_type() for part in new] == [part.get_content_type() for part in old]
    for before, after in zip(old, new, strict=True):
        assert leaf(after) == leaf(before)
    return found.content


def leaf(part: Parsed) -> object:
    """Decoded octets of a part that has no parts."""
    return None if part.is_multipart() else part.get_payload(decode=True)


def refused(given: Message, *, eight_bit_mime: bool = False, smtputf8: bool = False) -> Reply:
    found = fit(given, eight_bit_mime, smtputf8, addresses_ascii=True)
    assert isinstance(found, Reply)
    assert found.permanent
    return found


def test_nothing_to_do() -> None:
    """The same object comes back when the peer can take it, or when there is nothing it could not."""
    eight, ascii_ = message(b"Subject: x", b"", E), message(b"Subject: x", b"", b"e")
    assert fit(eight, eight_bit_mime=True, smtputf8=False, addresses_ascii=True) is eight
    assert fit(ascii_, eight_bit_mime=False, smtputf8=False, addresses_ascii=True) is ascii_
    international = message(b"Subject: " + E, b"", E, smtputf8=True)
    assert fit(international, eight_bit_mime=True, smtputf8=True, addresses_ascii=False) is international
    marked = Message(ascii_.content, eight_bit=True)
    assert fit(marked, eight_bit_mime=False, smtputf8=False, addresses_ascii=True) is marked


def test_addresses_need_smtputf8() -> None:
    """A local part outside ASCII cannot be said: 553 5.6.7 (RFC 6531 3.5)."""
    found = fit(message(b"Subject: x", b"", b"e"), eight_bit_mime=True, smtputf8=False, addresses_ascii=False)
    assert isinstance(found, Reply)
    assert (found.code, found.enhanced) == (553, "5.6.7")


def test_utf8_header_needs_smtputf8() -> None:
    """A UTF-8 header cannot be sent, though all addresses are ASCII: 554 5.6.7."""
    found = refused(message(b"Subject: " + E, b"", b"e", smtputf8=True), eight_bit_mime=True)
    assert (found.code, found.enhanced) == (554, "5.6.7")


def test_text_becomes_quoted_printable() -> None:
    """A text part is relabelled in place, everything else in the header stands."""
    content = seven(
        message(
            b"Received: a",
            b"MIME-Version: 1.0",
            b"content-transfer-encoding:  8BIT",
            b"Content-Type: text/plain;",
            b" charset=utf-8",
            b"Subject: x",
            b"",
            E + b" = " + E,
            b"",
            b"end ",
        )
    )
    assert content == (
        b"Received: a\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"Content-Type: text/plain;\r\n charset=utf-8\r\nSubject: x\r\n\r\n=C3=A9 =3D =C3=A9\r\n\r\nend=20\r\n"
    )


@pytest.mark.parametrize(("octets", "charset"), [(E, b"utf-8"), (b"\xe9", b"unknown-8bit")])
def test_body_without_mime_gets_it(octets: bytes, charset: bytes) -> None:
    """An old style message gains the three fields a reader needs."""
    content = seven(message(b"Subject: x", b"", octets))
    assert content.startswith(
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=" + charset + b"\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n="
    )


def test_message_without_header() -> None:
    """Even a message that is only a body can be encoded."""
    assert b"\r\n\r\n=C3=A9\r\n" in seven(message(b"", E))


def test_mime_version_alone_is_added() -> None:
    """A Content-Type without MIME-Version is believed, and the version added."""
    content = seven(message(b"Content-Type: text/html; charset=latin1", b"", b"\xe9"))
    assert content.count(b"Content-Type") == 1
    assert b"MIME-Version: 1.0\r\n" in content


def test_other_types_become_base64() -> None:
    """What is no text is base64, in lines of 76 octets."""
    content = seven(message(b"MIME-Version: 1.0", b"Content-Type: image/png", b"", bytes(range(128, 256)) * 3))
    assert b"Content-Transfer-Encoding: base64\r\n" in content
    assert max(map(len, content.split(b"\r\n"))) == 76


def test_text_with_nul_becomes_base64() -> None:
    """UTF-16 in a text part is no lines of octets, so it is base64."""
    content = seven(
        message(b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-16", b"", "é".encode("utf-16"))
    )
    assert b"base64" in content


def nested(inner: list[bytes], depth: int) -> list[bytes]:
    for level in range(depth):
        inner = [
            b'Content-Type: multipart/mixed; boundary="b%d"' % level,
            b"Content-Transfer-Encoding: 8bit",
            b"",
            b"--b%d" % level,
            *inner,
            b"--b%d--" % level,
        ]
    return [b"MIME-Version: 1.0", *inner]


TEXT = [b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit", b"", E, b""]


def test_parts_that_are_seven_bit_stay() -> None:
    """Only 8-bit parts change; the label of what encloses them becomes 7bit; odd but plain parts are not touched."""
    plain = b"content-type:text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n  odd \t<p>  \r\n" + b"x" * 2000
    content = seven(
        message(
            b"MIME-Version: 1.0",
            b"Content-Transfer-Encoding: 8bit",
            b'Content-Type: multipart/mixed; boundary="a"',
            b"",
            b"pre\xe9amble",
            b"--a",
            plain,
            b"--a  ",
            b"Content-Type: multipart/alternative; boundary=ab",
            b"",
            b"--ab",
            *TEXT,
            b"--ab",
            b"Content-Type: application/pdf",
            b"",
            b"\x80\x81",
            b"--ab--",
            b"--a",
            b"",
            b"no header " + E,
            b"--a--",
            b"epilogue \xe9",
        )
    )
    assert plain in content
    assert content.startswith(b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n")
    assert b"pre?amble" in content
    assert b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\ngIE=\r\n--ab--\r\n" in content
    assert content.endswith(b"--a--\r\nepilogue ?\r\n")


def test_every_enclosing_multipart_is_relabelled() -> None:
    """No part that says 7bit holds one that says 8bit."""
    content = seven(message(*nested(TEXT, 5)))
    assert content.count(b"Transfer-Encoding: 7bit") == 5
    assert b"8bit" not in content


def test_attached_message_is_encoded_inside() -> None:
    """A message/rfc822 may not be encoded itself (RFC 2046 5.2.1), so its parts are; it gains a MIME-Version."""
    content = seven(message(b"MIME-Version: 1.0", b"Content-Type: message/rfc822", b"", b"Subject: inner", b"", E))
    assert b"Subject: inner\r\nMIME-Version: 1.0\r\n" in content
    digest = [
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/digest; boundary=d",
        b"",
        b"--d",
        b"",
        b"Subject: x",
        b"",
        E,
    ]
    assert b"Subject: x\r\nMIME-Version: 1.0\r\n" in seven(message(*digest, b"--d--"))


def test_empty_parts_stay() -> None:
    """Delimiters that follow each other at once are kept."""
    content = seven(message(b"Content-Type: multipart/mixed; boundary=a", b"", b"--a", b"--a", *TEXT, b"--a", b"--a--"))
    assert b"\r\n\r\n--a\r\n--a\r\nContent-Type" in content
    assert content.endswith(b"\r\n--a\r\n--a--\r\n")


def test_missing_end_of_multipart() -> None:
    """A multipart cut short is encoded as far as it goes."""
    seven(message(b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=a", b"", b"--a", *TEXT))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/mixed; boundary=a/b=c:d", b"a/b=c:d"),
        (b'multipart/mixed; x="; boundary=no"; BOUNDARY = "a b"', b"a b"),
        (b'Multipart/Mixed;\r\n\tboundary="a\\"b"', b'a"b'),
        (b"multipart/mixed;boundary=a;charset=x", b"a"),
        (b'multipart/mixed; boundary="=_(.*)+[x]?"', b"=_(.*)+[x]?"),
    ],
)
def test_boundaries_are_read(content_type: bytes, boundary: bytes) -> None:
    """Quoted, folded, unquoted though they should be: boundaries as they are met."""
    closing = [b"--" + boundary + b"--"]
    seven(message(b"MIME-Version: 1.0", b"Content-Type: " + content_type, b"", b"--" + boundary, *TEXT, *closing))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (message(b"Subject: " + E, b"", b"x"), "header"),
        (message(b"Subject: \xe9", b"", E), "header"),
        (message(*nested([b"Content-Type: text/plain; name=\xe9", b"", b"x"], 1)), "header"),
        (message(b"Subject: x", b"no field", b"", E), "no field"),
        (message(b"Content-Type: multipart/signed; boundary=a", b"", b"--a", *TEXT, b"--a--"), "signed"),
        (message(b"Content-Type: multipart/mixed", b"", b"--a", *TEXT, b"--a--"), "boundary"),
        (message(b"Content-Type: multipart/mixed; boundary=b", b"", b"--a", *TEXT, b"--a--"), "no part"),
        (message(b"Content-Type: message/partial", b"", E), "partial"),
        (message(b"Content-Transfer-Encoding: base64", b"", E), "claims"),
        (message(b"Content-Transfer-Encoding: x-own", b"", E), "claims"),
        (message(b"Content-Type: text/plain; " + b"x" * 5000, b"", E), "longer"),
        (message(*nested(TEXT, MAX_DEPTH + 1)), "deeper"),
        (message(b"Content-Type: multipart/mixed; boundary=a", b"", *[b"--a", b"", b"x"] * MAX_PARTS, E), "parts"),
    ],
)
def test_what_cannot_be_done(given: Message, why: str) -> None:
    """The reply is 554 5.6.3 and says why."""
    found = refused(given)
    assert (found.code, found.enhanced) == (554, "5.6.3")
    assert why in found.text


def test_depth_just_within_bounds() -> None:
    """Twenty levels are taken."""
    seven(message(*nested(TEXT, MAX_DEPTH)))


def test_signed_part_that_is_seven_bit_stays() -> None:
    """A signed part in ASCII stays to the octet beside one that must change."""
    signed = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nx \t\r\n--s--"
    given = message(b"Content-Type: multipart/mixed; boundary=a", b"", b"--a", signed, b"--a", *TEXT, b"--a--")
    assert signed in seven(given)


def test_utf8_header_stays_for_a_peer_that_takes_it() -> None:
    """A peer with SMTPUTF8 but, against RFC 6531 3.1, without 8BITMIME gets the header as it is and a 7-bit body."""
    given = message(b"Subject: " + E, b"", E, smtputf8=True)
    found = fit(given, eight_bit_mime=False, smtputf8=True, addresses_ascii=True)
    assert isinstance(found, Message)
    assert found.smtputf8
    assert found.content.startswith(b"Subject: " + E + b"\r\nMIME-Version")
    assert b"\r\n\r\n=C3=A9\r\n" in found.content


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"=", b".", E, b"\r\n", b"-" * 75, b"\0", b"\xff", b"\r"])))
@example([b"x" * 75, b" "])
def test_quoted_printable_decodes_to_the_same(pieces: list[bytes]) -> None:
    """Lines are within 76 octets, hold ASCII only, end in no blank, and decode to what they were."""
    body = b"".join(pieces)
    encoded = quoted_printable(body)
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert all(32 <= octet < 127 or octet == 9 for octet in line)
        assert not line.endswith((b" ", b"\t"))
    parsed = email.message_from_bytes(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded)
    assert parsed.get_payload(decode=True) == body


parts = st.recursive(
    st.tuples(
        st.sampled_from([b"text/plain", b"text/html; charset=utf-8", b"image/gif", b"application/x"]),
        st.lists(st.sampled_from([E, b"a", b"\xff", b" ", b"\r\n", b"=", b"--", b"."]), min_size=1),
    ).map(lambda pair: b"Content-Type: " + pair[0] + b"\r\n\r\n" + b"".join(pair[1])),
    lambda inner: st.tuples(st.lists(inner, min_size=1, max_size=3), st.uuids()).map(
        lambda pair: (
            b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n" % pair[1].hex.encode()
            + b"".join(b"--%b\r\n%b\r\n" % (pair[1].hex.encode(), part) for part in pair[0])
            + b"--%b--" % pair[1].hex.encode()
        )
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(parts)
def test_any_tree_of_parts_says_the_same(content: bytes) -> None:
    """Whatever the tree, each part decodes to the same octets."""
    seven(message(b"MIME-Version: 1.0", content))


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"]))
def test_any_octets_are_survived(content: bytes, start: bytes) -> None:
    """The answer is a message or a reply, never an exception, and a message is 7-bit."""
    found = fit(Message(start + content, eight_bit=True), eight_bit_mime=False, smtputf8=False, addresses_ascii=True)
    assert isinstance(found, Reply) or found.content.isascii()


@pytest.mark.parametrize(
    "given",
    [
        message(b"Content-Type: text/plain", b"", *[E + b"x" * 30] * 30_000),
        message(b"Content-Type: multipart/mixed" + b';a="' * 1000, b"", E),
        message(
            b"Content-Type: multipart/mixed; boundary=a", b"", *[b"--a" + b" " * 100 + b"x"] * 10_000, b"--a", b"", E
        ),
    ],
)
def test_time_is_bounded(given: Message) -> None:
    """A million octets take no second, whatever they are made of."""
    began = time.process_time()
    fit(given, eight_bit_mime=False, smtputf8=False, addresses_ascii=True)
    assert time.process_time() - began < 1
