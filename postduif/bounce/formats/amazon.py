"""Amazon SES by way of SNS: a notification in JSON, mailed as text."""

from __future__ import annotations

import json
import re
from typing import Any

from postduif.bounce.diagnosis import diagnose
from postduif.bounce.finding import Finding, Kind, Original, Reading
from postduif.bounce.mail_parts import Fields
from postduif.reply import Reply

READER = "amazon-sns"
MAX_OCTETS = 64 * 1024
MAX_RECIPIENTS = 100

_BEGIN = re.compile(r'\{\s{0,20}"(?:notificationType|eventType|Type)"')
_FOLD = re.compile(r"!?\n ")
_MAX_DEPTH = 30
_KEPT = 40


def read_notification(text: str) -> Reading | None:
    """What the notification says; None when there is none, or when it is not about a bounce, complaint or delivery."""
    match = _BEGIN.search(text)
    if not match:
        return None
    notice = _parsed(_FOLD.sub("", text[match.start() : match.start() + MAX_OCTETS]))
    if isinstance(inner := notice.get("Message"), str):
        notice = _parsed(inner)
    kind = notice.get("notificationType") or notice.get("eventType")
    original = _original(_table(notice, "mail"))
    if kind == "Bounce":
        bounce = _table(notice, "bounce")
        action = "failed"
        found = [_bounced(one, bounce, action) for one in _tables(bounce, "bouncedRecipients")]
        return Reading(Kind.BOUNCE, tuple(found), original) if found else None
    if kind == "Complaint":
        complaint = _table(notice, "complaint")
        found = [
            Finding(_text(one, "emailAddress"), Reply(250, "", "complaint"), "", "", READER)
            for one in _tables(complaint, "complainedRecipients")
        ]
        return Reading(Kind.COMPLAINT, tuple(found), original, _text(complaint, "complaintFeedbackType") or "abuse")
    if kind == "Delivery":
        delivery = _table(notice, "delivery")
        reply = diagnose(_text(delivery, "smtpResponse"), action="delivered")
        names = delivery.get("recipients")
        found = [Finding(name, reply, "delivered", "", READER) for name in _strings(names)]
        return Reading(Kind.DELIVERED, tuple(found), original) if found else None
    return None


def _bounced(recipient: dict[str, Any], bounce: dict[str, Any], action: str) -> Finding:
    words = _text(recipient, "diagnosticCode").removeprefix("smtp;").strip()
    words = words or f"{_text(bounce, 'bounceType')} {_text(bounce, 'bounceSubType')}"
    host = _text(bounce, "reportingMTA").removeprefix("dsn;").strip()
    reply = diagnose(words, status=_text(recipient, "status"), action=action, remote_mta=host)
    return Finding(_text(recipient, "emailAddress"), reply, action, "", READER)


def _original(mail: dict[str, Any]) -> Original:
    pairs = [(_text(one, "name").lower(), _text(one, "value")) for one in _tables(mail, "headers")]
    fields = Fields(tuple(pairs[:_KEPT]))
    return Original(fields.first("message-id") or _text(mail, "messageId"), _text(mail, "source"), "", fields)


def _parsed(text: str) -> dict[str, Any]:
    """The first object in the text; empty when it cannot be read, or is nested so deeply that reading it would cost."""
    if text.count("[") + text.count("{") > MAX_OCTETS // 20:
        return {}
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name)
    return value if isinstance(value, dict) else {}


def _tables(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = table.get(name)
    return [one for one in value[:MAX_RECIPIENTS] if isinstance(one, dict)] if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [one[:1000] for one in value[:MAX_RECIPIENTS] if isinstance(one, str)] if isinstance(value, list) else []


def _text(table: dict[str, Any], name: str) -> str:
    value = table.get(name)
    return value[:2000] if isinstance(value, str) else ""
