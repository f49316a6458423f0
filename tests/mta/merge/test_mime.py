"""The parts of a message."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from postduif.errors import TemplateError
from postduif.mta.merge.content import Attachment
from postduif.mta.merge.message import MAX_ATTACHED
from tests.mta.merge.mailing import compiled, rendered

PDF = Attachment("a.pdf", "application/pdf", bytes(range(256)) * 9)
LOGO = Attachment("logo.png", "image/png", b"\x89PNG", "logo@example.com")


def parts(**changes: Any) -> list[str]:
    """The types of all parts, in order."""
    read = email.message_from_bytes(rendered(**changes), policy=email.policy.default)
    assert [part.defects for part in read.walk() if part.defects] == []
    return [part.get_content_type().removeprefix("multipart/") for part in read.walk()]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, ["text/plain"]),
        ({"text": "", "html": "x"}, ["text/html"]),
        ({"html": "x"}, ["alternative", "text/plain", "text/html"]),
        ({"html": "x", "attachments": (LOGO,)}, ["alternative", "text/plain", "related", "text/html", "image/png"]),
        ({"text": "", "html": "x", "attachments": (LOGO,)}, ["related", "text/html", "image/png"]),
        ({"attachments": (PDF,)}, ["mixed", "text/plain", "application/pdf"]),
        ({"attachments": (LOGO,)}, ["mixed", "text/plain", "image/png"]),
        (
            {"html": "x", "attachments": (LOGO, PDF)},
            ["mixed", "alternative", "text/plain", "related", "text/html", "image/png", "application/pdf"],
        ),
    ],
)
def test_structure(changes: dict[str, Any], wanted: list[str]) -> None:
    """There are as many multiparts as there is need for, in the order that mail programs expect."""
    assert parts(**changes) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "a.pdf",
        "a b.pdf",
        "été.pdf",
        'a"b;c.pdf',
        "日本語" * 40 + ".pdf",
        "x" * 200,
        "%41.pdf",
        "'utf-8'x",
        "-.pdf",
        "a%" * 60,
    ],
)
def test_file(name: str) -> None:
    """A file has its name, its octets and lines that fit."""
    octets = rendered(attachments=(Attachment(name, "application/pdf", PDF.content),))
    assert octets.isascii()
    assert all(len(line) <= 90 for line in octets.split(b"\r\n"))
    (file,) = email.message_from_bytes(octets, policy=email.policy.default).iter_attachments()
    assert file.get_filename() == name
    assert file.get_content_disposition() == "attachment"
    assert file.get_content() == PDF.content


def test_inline_image() -> None:
    """An image that the HTML shows is inline and has its Content-ID."""
    read = email.message_from_bytes(rendered(html="x", attachments=(LOGO,)), policy=email.policy.default)
    (image,) = [part for part in read.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content_disposition()) == ("<logo@example.com>", "inline")


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (Attachment("", "application/pdf", b""), "1 to 200 characters"),
        (Attachment("x" * 201, "application/pdf", b""), "1 to 200 characters"),
        (Attachment("a\r\nb", "application/pdf", b""), "no controls"),
        (Attachment("../a", "application/pdf", b""), "no controls, /"),
        (Attachment("a\ud800", "application/pdf", b""), "no controls"),
        (Attachment("a", "application", b""), "no type of a file"),
        (Attachment("a", "message/rfc822", b""), "no type of a file"),
        (Attachment("a", "multipart/mixed", b""), "no type of a file"),
        (Attachment("a", "text/plain; charset=x", b""), "no type of a file"),
        (Attachment("a", "text/plain\r\nX: y", b""), "no type of a file"),
        (Attachment("a", "image/png", b"", "a>"), "no Content-ID"),
        (Attachment("a", "image/png", b"", "a@b@c"), "no Content-ID"),
        (Attachment("a", "image/png", bytes(MAX_ATTACHED + 1)), "octets; link to"),
    ],
)
def test_wrong_file(file: Attachment, problem: str) -> None:
    """What a file is called and said to be cannot break the message."""
    with pytest.raises(TemplateError) as caught:
        compiled(attachments=(file,))
    assert problem in str(caught.value)


def test_two_images_with_one_id() -> None:
    """Each Content-ID is one image's."""
    with pytest.raises(TemplateError, match="same Content-ID"):
        compiled(attachments=(LOGO, LOGO))


def test_boundaries() -> None:
    """No value makes a delimiter, and two mailings have different ones."""
    first = rendered(html="{{ city }}")
    boundary = first.split(b'boundary="')[1].split(b'"')[0]
    assert boundary.startswith(b"=_")
    assert boundary not in rendered(html="{{ city }}?")
    hostile = rendered({"city": f"\r\n--{boundary.decode()}--\r\n"}, html="{{ city }}")
    assert hostile.count(boundary) == first.count(boundary)
    assert len(list(email.message_from_bytes(hostile).walk())) == 3
