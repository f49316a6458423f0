"""Readings in the form in which parsers of bounces are compared: a plain dictionary for each recipient."""

from __future__ import annotations

from typing import Any

from postduif.bounce.classify import classify
from postduif.bounce.finding import Finding, Kind
from postduif.bounce.reading import read

_OF_KIND = {Kind.COMPLAINT: "complaint", Kind.AUTO_REPLY: "auto_reply", Kind.CHALLENGE: "auto_reply"}
_ARRIVED = ("delivered", "relayed", "expanded")


def facts(content: bytes) -> list[dict[str, Any]]:
    """Recipient, status, category, action and hard of everybody whom the mail is about; empty when it is no report."""
    reading = read(content)
    return [_fact(reading.kind, one) for one in reading.findings]


def _fact(kind: Kind, finding: Finding) -> dict[str, Any]:
    category, severity = _OF_KIND.get(kind, ""), "none"
    if not category and finding.action in _ARRIVED:
        category = "delivered"
    elif not category:
        said = classify(finding.reply, finding.reply.remote_mta or finding.recipient.rpartition("@")[2])
        category, severity = said.category, said.severity
    return {
        "recipient": finding.recipient or None,
        "status": finding.status if finding.action else None,
        "category": category,
        "action": finding.action or None,
        "hard": severity == "hard",
    }
