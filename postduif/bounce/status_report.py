"""Delivery status notifications (RFC 3464, 6522, 6533, and the older 1894, 3462): one finding for each recipient.

Reads the fields wherever they stand: in a message/delivery-status part, in a part that should be one, or in plain text,
with missing blank lines, missing fields, foreign types and words for actions that no RFC knows. A block is about one
recipient; what it says holds for that one only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from postduif.bounce.address_text import from_field
from postduif.bounce.diagnosis import diagnose
from postduif.bounce.finding import Finding
from postduif.bounce.mail_parts import Fields, Mail, read_fields
from postduif.bounce.mail_text import text_of
from postduif.bounce.original import RETURNED

READER = "rfc3464"
MAX_RECIPIENTS = 500

_KINDS = (
    "message/delivery-status",
    "message/global-delivery-status",
    "text/delivery-status",
    "message/delivery-status-notification",
)
_RECEIPTS = ("message/disposition-notification", "message/global-disposition-notification")
"""Of RFC 8098: has a Final-Recipient too, but tells of people who read or deleted something."""
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient")
_ABOUT_ONE = ("action", "status", "diagnostic-code", "remote-mta")
_IN_TEXT = re.compile(r"^[> \t]{0,8}(?:Final|Original)-Recipient[ \t]{0,4}:", re.IGNORECASE | re.MULTILINE)
_BEGINS_IN_TEXT = re.compile(
    r"^[> \t]{0,8}(?:Reporting-MTA|Action|Final-Recipient|Original-Recipient)[ \t]{0,4}:", re.IGNORECASE | re.MULTILINE
)
_ENDS_IN_TEXT = re.compile(r"^[> \t]{0,8}(?:Return-Path|Received)[ \t]{0,4}:", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"[a-z]+")
_ACTIONS = {
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "bounced": "failed",
    "error": "failed",
    "delayed": "delayed",
    "deferred": "delayed",
    "delay": "delayed",
    "expired": "failed",
    "delivered": "delivered",
    "delivery": "delivered",
    "deliverable": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
_OF_CLASS = {"2": "delivered", "4": "delayed", "5": "failed"}
_TYPED = re.compile(r"\s*([A-Za-z][\w.-]{0,30})\s*;\s*")
_ROUTE = re.compile(r"(?:^|[;\s<])@[^\s:]{1,255}:")
_EMPTY = re.compile(r"\n[ \t>]*\n")


def read_blocks(mail: Mail, text: str) -> tuple[Fields, list[Fields]]:
    """The per-message fields and the per-recipient blocks. Empty when the mail holds none.

    `text` is where they may stand in plain words; "" when the mail is nothing that a mail system wrote.
    """
    for section in _sections(mail, text):
        message, blocks = _blocks(section)
        if blocks:
            return message, blocks
    return Fields(), []


def findings(message: Fields, blocks: list[Fields]) -> list[Finding]:
    """One finding for each block that names a recipient; the reply has no words when the report gives none."""
    return [finding for block in blocks[:MAX_RECIPIENTS] if (finding := _finding(message, block))]


def host_of(value: str) -> str:
    """The host of a Remote-MTA or Reporting-MTA field, without its type, comments and brackets."""
    match = _TYPED.match(value)
    name = (value[match.end() :] if match else value).strip().lstrip("<[").split("(")[0]
    words = name.replace(",", " ").split()
    return words[0].rstrip(">].").lower()[:255] if words else ""


def _words_of(block: Fields) -> str:
    """What Diagnostic-Code says, without the type before it."""
    words = " ".join(value for value in block.every("diagnostic-code")[:3] if value)
    match = _TYPED.match(words)
    return (words[match.end() :] if match else words).strip()


def _sections(mail: Mail, text: str) -> Iterator[str]:
    yield "\n\n".join(text_of(part) for part in mail.of_kind(*_KINDS))
    if not text or any(mail.of_kind(*_RECEIPTS)):
        return
    for candidate in (text, *(text_of(part) for part in mail.parts if _may_hold(part.kind))):
        if _IN_TEXT.search(candidate):
            begin = _BEGINS_IN_TEXT.search(candidate)
            section = candidate[begin.start() if begin else 0 :]
            end = _ENDS_IN_TEXT.search(section)
            yield _unquoted(section[: end.start()] if end else section)


def _may_hold(kind: str) -> bool:
    return kind not in (*RETURNED, "text/html") and kind.startswith(("text/", "message/", "application/", "preamble"))


def _unquoted(section: str) -> str:
    return "\n".join(line.lstrip("> \t") if line[:1] == ">" else line.strip(" ") for line in section.split("\n"))


def _blocks(section: str) -> tuple[Fields, list[Fields]]:
    """Groups of fields. An empty line ends one, and so does a field that can stand in a group once only."""
    message: list[tuple[str, str]] = []
    blocks: list[list[tuple[str, str]]] = []
    for group in _EMPTY.split(section.strip("\n"))[: MAX_RECIPIENTS * 2]:
        for piece in _pieces(read_fields(group)):
            names = {name for name, _ in piece}
            if names.intersection(_RECIPIENT_FIELDS):
                if blocks and not names.intersection(_ABOUT_ONE) and not _has(blocks[-1], _RECIPIENT_FIELDS):
                    blocks[-1].extend(piece)  # the action stood above its recipient, with an empty line between
                else:
                    blocks.append(piece)
            elif blocks and names.intersection(_ABOUT_ONE) and not _has(blocks[-1], ("action", "status")):
                blocks[-1].extend(piece)
            elif not blocks and "action" in names and "reporting-mta" not in names:
                blocks.append(piece)
            elif not blocks:
                message.extend(piece)
    return Fields(tuple(message)), [Fields(tuple(block)) for block in blocks if _has(block, _RECIPIENT_FIELDS)]


def _has(block: list[tuple[str, str]], names: tuple[str, ...]) -> bool:
    return any(name in names for name, _ in block)


def _pieces(fields: Fields) -> Iterator[list[tuple[str, str]]]:
    piece: list[tuple[str, str]] = []
    for name, value in fields.pairs:
        if name in ("final-recipient", "original-recipient") and any(one == name for one, _ in piece):
            yield piece
            piece = []
        piece.append((name, value))
    if piece:
        yield piece


def _finding(message: Fields, block: Fields) -> Finding | None:
    original = from_field(block.first("original-recipient"))
    actual = from_field(block.first("x-actual-recipient"))
    final = block.first("final-recipient")
    recipient = from_field(final) or original or actual
    if original and (_ROUTE.search(final) or "." not in recipient.rpartition("@")[2]):
        recipient = original  # how a host inside calls it says nothing to anybody outside
    if not recipient:
        return None
    status = block.first("status")
    action = _action(block.first("action"), status)
    remote = host_of(block.first("remote-mta")) or host_of(message.first("reporting-mta"))
    reply = diagnose(_words_of(block), status=status, action=action, remote_mta=remote)
    return Finding(recipient, reply, action, original, READER)


def _action(value: str, status: str) -> str:
    match = _ACTION.match(value.strip().lower())
    return _ACTIONS.get(match[0] if match else "") or _OF_CLASS.get(status.strip()[:1], "failed")
