"""A message made fit for a peer that lacks 8BITMIME (RFC 6152) or SMTPUTF8 (RFC 6531), or the reply that says why not.

Works on bytes: parts that are 7-bit already stay exactly as they were. Only what RFC 2045 lets us re-encode is
re-encoded; signed parts are never touched. The signature of ours is made after this.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from postduif import header
from postduif.envelope import Message
from postduif.reply import Reply

MAX_DEPTH = 20  # parts within parts
MAX_PARTS = 1000  # of one message, all depths together
MAX_CONTENT_TYPE = 4096  # octets of a Content-Type field; no real one has a tenth

_TYPE = re.compile(r"\s*([\w.+-]+)/([\w.+-]+)")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')
_QUESTIONED = bytes(range(128)) + b"?" * 128
_PLAIN = ("", "7bit", "8bit", "binary")
_WITH_HEADER = {"message/rfc822", "message/external-body", "message/news"}


class _Impossible(Exception):  # noqa: N818  it ends the walk through the parts; `fit` makes a Reply of it
    pass


class _Kind(NamedTuple):
    """What a header section says of its body (RFC 2045)."""

    type: str
    """`text/plain`, lower-case; "" when it is not said."""
    boundary: str
    encoding: str
    """Lower-case; "" when it is not said."""


def fit(message: Message, eight_bit_mime: bool, smtputf8: bool, addresses_ascii: bool) -> Message | Reply:  # noqa: FBT001
    """The message for a peer with these extensions: itself when nothing is to be done, re-encoded, or 5.6.3 or 5.6.7.

    `addresses_ascii`: no address of the transaction needs SMTPUTF8. Headers and addresses are never rewritten.
    """
    if not smtputf8 and not addresses_ascii:
        return Reply(553, "5.6.7", "an address is not ASCII, and the receiving host has no SMTPUTF8")
    if not smtputf8 and message.smtputf8:
        return Reply(554, "5.6.7", "the header is not ASCII, and the receiving host has no SMTPUTF8")
    if eight_bit_mime or not message.eight_bit or message.content.isascii():
        return message
    try:
        content = _Seven(utf8_headers=smtputf8 and message.smtputf8).entity(message.content, 0, whole=True)
    except _Impossible as problem:
        return Reply(554, "5.6.3", f"the receiving host takes only 7-bit mail, and {problem}")
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return Message(content, eight_bit=not content.isascii(), smtputf8=message.smtputf8)


class _Seven:
    """One walk through one message, from the outermost part inwards."""

    def __init__(self, *, utf8_headers: bool) -> None:
        self._utf8_headers = utf8_headers
        self._parts = 0

    def entity(self, content: bytes, depth: int, default: str = "text/plain", *, whole: bool = False) -> bytes:
        """A part, header section and body, in 7-bit form.

        `default` is its type when it says none; `whole`: it is a message, not a part of one.
        """
        self._parts += 1
        if depth > MAX_DEPTH:
            raise _Impossible(f"parts are nested deeper than {MAX_DEPTH}")
        if self._parts > MAX_PARTS:
            raise _Impossible(f"there are more than {MAX_PARTS} parts")
        if content.isascii():
            return content
        section, body = header.split(content)
        if not section.isascii() and not self._utf8_headers:
            raise _Impossible("a header section is not ASCII")
        fields = list(header.fields(section))
        if sum(len(field.raw) for field in fields) != len(section):
            raise _Impossible("a header section holds a line that is no field")
        if body.isascii():
            return content
        kind = _kind(fields)
        if kind.encoding not in _PLAIN:
            raise _Impossible("a part is 8-bit though it claims to be encoded")
        encoded, encoding = self._body(body, kind, kind.type or default, depth)
        return _section(fields, body, encoding, whole=whole) + b"\r\n" + encoded

    def _body(self, body: bytes, kind: _Kind, name: str, depth: int) -> tuple[bytes, str]:
        """The body in 7-bit form and the name of its encoding."""
        if name.startswith("multipart/"):
            if name == "multipart/signed":
                raise _Impossible("a signed part may not be changed")
            inner = "message/rfc822" if name == "multipart/digest" else "text/plain"
            return b"".join(self._pieces(body, kind.boundary, depth, inner)), "7bit"
        if name in _WITH_HEADER:
            return self.entity(body, depth + 1, whole=True), "7bit"
        if name == "message/partial":
            raise _Impossible("a message/partial may not be encoded")
        if name.startswith("text/") and b"\0" not in body:
            return quoted_printable(body), "quoted-printable"
        # The last CRLF before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
        return base64.encodebytes(body).replace(b"\n", b"\r\n")[:-2], "base64"

    def _pieces(self, body: bytes, boundary: str, depth: int, default: str) -> Iterator[bytes]:
        """Preamble, delimiters, parts and epilogue of a multipart body, in order."""
        if not boundary:
            raise _Impossible("a multipart has no boundary")
        delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r\n|\Z)")
        match = delimiter.search(body)
        if match is None:
            raise _Impossible("a multipart has no part")
        # Readers ignore what is before the first and after the last delimiter.
        yield body[: match.start()].translate(_QUESTIONED)
        while match and not match[1]:
            following = delimiter.search(body, match.end())
            part = body[match.end() : following.start() if following else len(body)]
            yield match[0] + part[:2]  # the CRLF of the delimiter, unless the next follows at once
            yield self.entity(part[2:], depth + 1, default)
            match = following
        if match:
            yield match[0] + body[match.end() :].translate(_QUESTIONED)


def quoted_printable(body: bytes) -> bytes:
    """Text with CRLF line ends in quoted-printable, lines within 76 octets (RFC 2045 6.7)."""
    lines = [binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") for line in body.split(b"\r\n")]
    return b"\r\n".join(lines)


def _kind(fields: list[header.Field]) -> _Kind:
    content_type = encoding = ""
    for field in reversed(fields):
        if field.name == b"content-type":
            content_type = header.unfold(field.value)
        elif field.name == b"content-transfer-encoding":
            encoding = re.split(r"[\s;(]", header.unfold(field.value).lower())[0]
    if len(content_type) > MAX_CONTENT_TYPE:
        raise _Impossible(f"a Content-Type is longer than {MAX_CONTENT_TYPE} octets")
    match = _TYPE.match(content_type)
    boundary = ""
    for parameter in _PARAMETER.finditer(content_type):
        if parameter[1].lower() == "boundary":
            boundary = re.sub(r"\\(.)", r"\1", parameter[2]) if parameter[2] is not None else parameter[3]
            break
    return _Kind(match[0].strip().lower() if match else "", boundary, encoding)


def _section(fields: list[header.Field], body: bytes, encoding: str, *, whole: bool) -> bytes:
    """The fields as they stand, but labelled `encoding`, with what a reader needs to know it (RFC 2045 4 and 5.2)."""
    label = b"Content-Transfer-Encoding: %b\r\n" % encoding.encode()
    names = {field.name for field in fields}
    out: list[bytes] = []
    for field in fields:
        if field.name != b"content-transfer-encoding":
            out.append(field.raw)
        elif label not in out:  # of several labels the first is what readers believe
            out.append(label)
    if whole and b"mime-version" not in names:
        out.append(b"MIME-Version: 1.0\r\n")
    if encoding == "quoted-printable" and b"content-type" not in names:
        out.append(b"Content-Type: text/plain; charset=%b\r\n" % _charset(body))
    if label not in out and encoding != "7bit":  # 7bit is what no label means
        out.append(label)
    return b"".join(out)


def _charset(content: bytes) -> bytes:
    try:
        content.decode()
    except UnicodeDecodeError:
        return b"unknown-8bit"  # RFC 1428
    return b"utf-8"
