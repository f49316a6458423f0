"""Amazon SES by way of SNS: a notification in JSON, mailed as text."""

from __future__ import annotations

import json
import re
from typing import Any

from postduif.bounce.address_text import from_field
from postduif.bounce.diagnosis import diagnose
from postduif.bounce.finding import Finding, Kind, Original, Reading
from postduif.bounce.mail_parts import Fields
from postduif.reply import Reply

READER = "amazon-sns"
MAX_OCTETS = 64 * 1024
MAX_RECIPIENTS = 100

_BEGIN = re.compile(r'\{\s{0,20}"(?:notificationType|eventType|Type)"')
_FOLD = re.compile(r"!?\n ")
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
        found = [_bounced(one, bounce) for one in _tables(bounce, "bouncedRecipients") if _address(one)]
        return Reading(Kind.BOUNCE, tuple(found), original) if found else None
    if kind == "Complaint":
        complaint = _table(notice, "complaint")
        named = [_address(one) for one in _tables(complaint, "complainedRecipients")]
        found = [Finding(name, Reply(250, "", "complaint"), "", "", READER) for name in named or [""]]
        return Reading(Kind.COMPLAINT, tuple(found), original, _text(complaint, "complaintFeedbackType") or "abuse")
    if kind == "Delivery":
        delivery = _table(notice, "delivery")
        reply = diagnose(_text(delivery, "smtpResponse"), action="delivered")
        named = [from_field(name) for name in _strings(delivery.get("recipients"))]
        found = [Finding(name, reply, "delivered", "", READER) for name in named if name]
        return Reading(Kind.DELIVERED, tuple(found), original) if found else None
    return None


def _bounced(recipient: dict[str, Any], bounce: dict[str, Any]) -> Finding:
    words = _text(recipient, "diagnosticCode").removeprefix("smtp;").strip()
    words = words or f"{_text(bounce, 'bounceType')} {_text(bounce, 'bounceSubType')}"
    host = _text(bounce, "reportingMTA").removeprefix("dsn;").strip()
    reply = diagnose(words, status=_text(recipient, "status"), remote_mta=host)
    return Finding(_address(recipient), reply, "failed", "", READER)


def _address(recipient: dict[str, Any]) -> str:
    return from_field(_text(recipient, "emailAddress"))


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
    return [_clean(one) for one in value[:MAX_RECIPIENTS] if isinstance(one, str)] if isinstance(value, list) else []


def _text(table: dict[str, Any], name: str) -> str:
    value = table.get(name)
    return _clean(value) if isinstance(value, str) else ""


def _clean(value: str) -> str:
    """On one line, and without halves of characters, which JSON can have."""
    return " ".join(value[:2000].encode("utf-8", "replace").decode("utf-8").split())
