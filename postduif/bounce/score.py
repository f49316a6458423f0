"""Readings in the form in which parsers of bounces are compared: a plain dictionary for each recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from postduif.bounce.finding import Finding, Kind
from postduif.bounce.late import class_of
from postduif.bounce.reading import read

MAX_MAILS = 100
_NEXT = re.compile(rb"\r?\n\r?\n(?=From [^\r\n]{1,200}\d{4}\r?\n[A-Za-z-]{2,40}:)")


def facts(content: bytes) -> list[dict[str, Any]]:
    """Recipient, status, category, action and hard of everybody whom the mail is about; empty when it is no report.

    Of a file in mbox form (a `From ` line on top), of every mail in it.
    """
    found = []
    for mail in _mails(content):
        reading = read(mail)
        found += [_fact(reading.kind, one) for one in reading.findings]
    return found


def _mails(content: bytes) -> Iterator[bytes]:
    yield from _NEXT.split(content, maxsplit=MAX_MAILS) if content.startswith(b"From ") else (content,)


def _fact(kind: Kind, finding: Finding) -> dict[str, Any]:
    said = class_of(kind, finding)
    return {
        "recipient": finding.recipient or None,
        "status": finding.status if finding.action else None,
        "category": said.category,
        "action": finding.action or None,
        "hard": said.severity == "hard",
    }
