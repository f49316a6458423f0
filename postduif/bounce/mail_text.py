"""What the octets of a part say: transfer encodings, charsets, HTML and encoded words, undone leniently.

Every function takes anything and never fails: what cannot be decoded stays as it is or becomes U+FFFD. Only the first
64 KiB of a part are read, which is more than any report needs.
"""

from __future__ import annotations

import binascii
import html
import re

from postduif.bounce.mail_parts import Fields, Mail, Part, as_text

MAX_TEXT = 64 * 1024
MAX_READABLE = 32 * 1024
_MAX_TAGS = 4000
_MAX_WORDS = 50
_ENOUGH = 20  # characters that make a text worth reading

_CHARSET = re.compile(
    r"utf-?[78]|us-ascii|iso-?8859-?\d{1,2}|windows-?\d{3,4}|cp-?\d{3,4}|koi8-?[rut]|iso-2022-(?:jp|kr)[\w-]{0,6}"
    r"|(?:x-)?s(?:hift)?[_-]?jis|euc-?(?:jp|kr|cn|tw)|gb(?:k|2312|18030)|big5[\w-]{0,6}|tis-620|ks_c_5601-1987|latin-?1"
)
_TAG = re.compile(r"<([^<>]{0,2000}+)>")
_WORD = re.compile(r"=\?([\w.:-]{1,40}+)(?:\*[\w-]{0,20}+)?\?([bBqQ])\?([^?]{0,2000}+)\?=(?:[ \t]++(?==\?))?")
_GAP = re.compile(r"\n{3,}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_BREAKS = {"br", "p", "/p", "div", "/div", "tr", "/tr", "li", "/li", "table", "h1", "h2", "h3", "/h1", "/h2", "/h3"}
_SILENT = {"style", "script", "head", "title"}


def text_of(part: Part) -> str:
    """The part's octets as text, LF line ends; HTML without its tags."""
    text = decoded(_transfer_decoded(part), part.charset).replace("\r\n", "\n").replace("\r", "\n")
    return from_html(text) if part.kind == "text/html" else text


def readable(mail: Mail) -> str:
    """What a person who opens the mail reads: plain text, or HTML if there is none. Its first 32 Ki characters."""
    plain = [part for part in mail.of_kind("text/plain") if not part.attached]
    plain = plain or list(mail.of_kind("text/plain", "preamble"))[:1]
    text = "\n".join(text_of(part)[:MAX_READABLE] for part in plain[:4])
    if len(text.strip()) < _ENOUGH:
        text = "\n".join(text_of(part) for part in [*mail.of_kind("text/html")][:4]) or text
    return _GAP.sub("\n\n", text[:MAX_READABLE])


def _transfer_decoded(part: Part) -> bytes:
    """The octets with base64 and quoted-printable undone (RFC 2045 section 6), cut at the limit."""
    encoding = part.fields.first("content-transfer-encoding").strip().lower()
    if encoding == "base64":
        return _base64(part.octets[: MAX_TEXT * 3 // 2])
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.octets[: MAX_TEXT * 3 // 2])
    return part.octets[:MAX_TEXT]


def decoded(octets: bytes, charset: str) -> str:
    """Octets of a charset as text. An unknown charset, or none, is UTF-8 if it can be, else Latin-1."""
    if charset in ("", "us-ascii", "utf-8", "ascii") or not _CHARSET.fullmatch(charset):
        return as_text(octets)
    try:
        return octets.decode(charset, "replace")
    except LookupError:
        return as_text(octets)


def plain_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded."""
    return _WORD.sub(_word, value, count=_MAX_WORDS) if "=?" in value else value


def subject_of(fields: Fields) -> str:
    """The Subject as people see it."""
    return plain_words(fields.first("subject"))


def from_html(text: str) -> str:
    """The words of an HTML page, a line for each of its lines."""
    pieces = _TAG.split(text[:MAX_TEXT], maxsplit=_MAX_TAGS)
    words: list[str] = []
    silent = ""
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            if not silent:
                words.append(piece)
            continue
        name = piece.split(None, 1)[0].rstrip("/").lower() if piece.strip("/ \t\n") else ""
        if silent:
            silent = "" if name == f"/{silent}" else silent
        elif name in _SILENT:
            silent = name
        elif name in _BREAKS:
            words.append("\n")
    plain = _GAP.sub("\n\n", html.unescape("".join(words)))
    return "\n".join(" ".join(line.split()) for line in plain.split("\n"))


def _word(match: re.Match[str]) -> str:
    octets = match[3].encode("latin-1", "replace")
    octets = _base64(octets) if match[2] in "bB" else binascii.a2b_qp(octets, header=True)
    return decoded(octets, match[1].lower())


def _base64(octets: bytes) -> bytes:
    """As much as can be read; what is no base64 is skipped."""
    digits = _NOT_BASE64.sub(b"", octets)
    digits = digits[: len(digits) // 4 * 4 + (len(digits) % 4 if len(digits) % 4 > 1 else 0)]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
