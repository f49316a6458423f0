"""Mail is cut into parts whatever its bytes, and whatever damage real reports have."""

from __future__ import annotations

from postduif.bounce.mail_parts import MAX_DEPTH, MAX_FIELDS, MAX_PARTS, content_type, read_fields, split

HEAD = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"


def kinds(content: bytes) -> list[str]:
    """The kinds of the leaves."""
    return [part.kind for part in split(content).parts]


def test_parts_in_order() -> None:
    """Leaves come in the order of the mail, nested ones at their place, with LF line ends."""
    inner = b"Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\none\r\n--y\r\n\r\ntwo\r\n--y--\r\n"
    mail = split(
        HEAD.replace(b"\n", b"\r\n")
        + b"--x\r\n"
        + inner
        + b"--x\r\nContent-Type: Message/RFC822\r\n\r\na: b\r\n--x--\r\n"
    )
    assert [(part.kind, part.octets) for part in mail.parts] == [
        ("text/plain", b"one"),
        ("text/plain", b"two"),
        ("message/rfc822", b"a: b"),
    ]
    assert mail.fields.first("from") == "a@b.example"


def test_the_preamble_is_kept() -> None:
    """What stands before the first boundary is a part of its own, since some reports say it all there."""
    assert kinds(HEAD + b"This failed\n--x\n\none\n--x--\n") == ["preamble", "text/plain"]


def test_no_closing_boundary() -> None:
    """A mail that was cut off has the parts that came."""
    assert kinds(HEAD + b"--x\n\none\n--x\nContent-Type: text/html\n\ntw") == ["text/plain", "text/html"]


def test_nothing_behind_the_closing_boundary() -> None:
    """An epilogue is no part."""
    assert split(HEAD + b"--x\n\none\n--x--\n\n--x\n\ntwo\n").parts[0].octets == b"one"
    assert len(split(HEAD + b"--x\n\none\n--x--\n\n--x\n\ntwo\n").parts) == 1


def test_undeclared_boundary() -> None:
    """When the header names another boundary or none, the first line that looks like one is it."""
    body = b"--other\nContent-Type: text/html\n\none\n--other\nContent-Type: message/rfc822\n\na: b\n--other--\n"
    assert kinds(HEAD + body) == ["text/html", "message/rfc822"]
    assert kinds(b"Content-Type: multipart/report\n\n" + body) == ["text/html", "message/rfc822"]


def test_no_boundary_at_all() -> None:
    """Then the whole body is one text."""
    assert kinds(HEAD + b"one\ntwo\n") == ["text/plain"]


def test_a_boundary_that_begins_another() -> None:
    """A longer line that only begins like the boundary divides nothing."""
    assert kinds(HEAD + b"--x\n\none\n--xy\ntwo\n--x--\n") == ["text/plain"]


def test_mbox_line_and_bare_cr() -> None:
    """An mbox line on top is no field, and CR alone ends a line too."""
    mail = split(b"From MAILER-DAEMON Mon Mar  3 08:00:00 2025\rSubject: hi\r\rtext\r")
    assert mail.fields.first("subject") == "hi"
    assert mail.parts[0].octets == b"text\n"


def test_continuation_without_white_space() -> None:
    """A parameter on a line of its own belongs to the field above when that ends in a semicolon."""
    fields = read_fields('Content-Type: multipart/mixed;\nboundary="a b"\nSubject : x\n  y\n')
    assert content_type(fields.first("content-type")) == ("multipart/mixed", {"boundary": "a b"})
    assert fields.first("subject") == "x y"


def test_every_and_contains() -> None:
    """Fields may stand several times; asking for one that is not there gives nothing."""
    fields = read_fields("A: 1\nB: 2\na: 3\n")
    assert fields.every("a") == ["1", "3"]
    assert "b" in fields
    assert "c" not in fields
    assert fields.first("c") == ""


def test_limits() -> None:
    """Parts, depth and fields have limits; what is beyond them is left out."""
    assert len(split(HEAD + b"--x\n\none\n" * (MAX_PARTS * 3)).parts) <= MAX_PARTS
    assert len(read_fields("a: b\n" * (MAX_FIELDS * 2)).pairs) == MAX_FIELDS
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2000))
    assert len(split(deep).parts) == 1
    assert split(deep).parts[0].octets.count(b"boundary") == 2000 - MAX_DEPTH - 1


def test_digest() -> None:
    """The parts of a digest are messages when they do not say otherwise (RFC 2046 5.1.5)."""
    assert kinds(b"Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: hi\n\ntext\n--x--\n") == [
        "message/rfc822"
    ]
