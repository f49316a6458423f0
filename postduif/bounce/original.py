"""Which mail a report is about: the header of the mail that came back with it, and what the report says of it.

The returned mail is never looked into: what it says was written by anybody. Only fields that can identify it are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from postduif.bounce.address_text import addresses, from_field
from postduif.bounce.finding import Original
from postduif.bounce.mail_parts import Fields, Mail, Part, read_fields
from postduif.bounce.mail_text import text_of

RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/rfc822-headers",
    "message/global-headers",
    "message/partial",
)
"""The kinds of part that hold the returned mail or its header (RFC 6522, RFC 6533)."""

_KEPT = {
    "cfbl-address",
    "cfbl-feedback-id",
    "date",
    "delivered-to",
    "feedback-id",
    "from",
    "list-id",
    "list-unsubscribe",
    "message-id",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
    "x-campaign-id",
    "x-csa-complaints",
    "x-envelope-from",
    "x-hmxmroriginalrecipient",
    "x-mailer-recptid",
}
_OURS = "x-postduif-"
_MAX_KEPT = 40
_MAX_VALUE = 1000
_IDENTIFIER = re.compile(r"<[^<>\s]{1,900}>")
_MENTIONED = re.compile(r"message[- ]id[^<>\n]{0,40}(<[^<>\s@]{1,400}@[^<>\s]{1,400}>)", re.IGNORECASE)
_LOOKS_LIKE_HEADER = re.compile(
    r"^[> \t]{0,4}(?:received|return-path|message-id|from|to|date|subject|mime-version|dkim-signature)[ \t]{0,4}:",
    re.IGNORECASE | re.MULTILINE,
)


def returned_header(mail: Mail, below: str = "") -> Fields:
    """The header of the returned mail: of its own part, or of what stands `below` the report's own words."""
    for part in mail.of_kind(*RETURNED):
        if fields := _fields_of(part):
            return fields
    for part in mail.of_kind("text/plain"):
        if part.attached and (fields := _fields_of(part)):
            return fields
    start = _LOOKS_LIKE_HEADER.search(below)
    return read_fields(_dedented(below[start.start() :])) if start else Fields()


def identify(header: Fields, report: Fields | None = None, words: str = "") -> Original:
    """What identifies the mail: its own header, then the fields of the report about it, then the report's words."""
    report = report or Fields()
    named = header.first("message-id") or report.first("original-message-id") or report.first("x-original-message-id")
    found = _IDENTIFIER.search(named) or _MENTIONED.search(words)
    return_path = from_field(report.first("original-mail-from")) or from_field(header.first("return-path"))
    return_path = return_path or from_field(header.first("x-envelope-from"))
    return_path = return_path or from_field(report.first("x-postfix-sender"))
    kept = [(name, value[:_MAX_VALUE]) for name, value in header.pairs if name in _KEPT or name.startswith(_OURS)]
    return Original(
        message_id=(found[found.re.groups] if found else named.strip()[:_MAX_VALUE]),
        return_path=return_path,
        envelope_id=report.first("original-envelope-id")[:_MAX_VALUE],
        fields=Fields(tuple(kept[:_MAX_KEPT])),
    )


def single_recipient(header: Fields, names: Iterable[str] = ("x-hmxmroriginalrecipient", "to")) -> str:
    """Whom the returned mail was for, if its header names one address only."""
    for name in names:
        found = [address for value in header.every(name)[:4] for address in addresses(value)]
        if len(found) == 1:
            return found[0]
    return ""


def _fields_of(part: Part) -> Fields:
    text = text_of(part).lstrip("\n")
    return read_fields(text.partition("\n\n")[0])


def _dedented(text: str) -> str:
    """Up to the empty line; a returned header may be quoted or indented."""
    section = text.lstrip("\n").partition("\n\n")[0]
    if section.startswith(">"):
        section = "\n".join(line.removeprefix("> ").removeprefix(">") for line in section.split("\n"))
    indent = len(section) - len(section.lstrip(" "))
    return "\n".join(line[indent:] for line in section.split("\n")) if indent else section
