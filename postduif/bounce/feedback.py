"""Complaints: feedback reports (RFC 5965 with 6430, 6590, 6591, and CFBL, RFC 9477), and those that follow no RFC.

Providers hide the recipient (RFC 6590), so a complaint often has none: its Original then says which mail it was, by
Message-ID, return path and our own fields.
"""

from __future__ import annotations

import re

from postduif.bounce.address_text import addresses, from_field
from postduif.bounce.finding import Finding, Kind, Original, Reading
from postduif.bounce.mail_parts import Fields, Mail, content_type, read_fields
from postduif.bounce.mail_text import readable, text_of
from postduif.bounce.original import identify, returned_header, single_recipient
from postduif.reply import Reply

READER = "arf"
MAX_RECIPIENTS = 100

_KINDS = ("message/feedback-report", "text/feedback-report", "application/feedback-report")
_FIELD = re.compile(r"^Feedback-Type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_MICROSOFT = re.compile(r"complaint about message from", re.IGNORECASE)
_HIDDEN = re.compile(r"redacted|undisclosed|hidden|unknown", re.IGNORECASE)
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "original-recipient")
_SAID = Reply(250, "", "complaint")


def read_complaint(mail: Mail) -> Reading | None:
    """The complaint that the mail is; None when it is none."""
    report = _report(mail)
    if report is not None and "feedback-type" in report:
        return _feedback_report(mail, report)
    if _MICROSOFT.search(mail.fields.first("subject")):
        return _microsoft(mail)
    if mail.fields.first("x-apple-unsubscribe").lower() == "true":
        found = addresses(mail.fields.first("from"))[:1]
        return Reading(Kind.COMPLAINT, _findings(found, "apple-unsubscribe"), Original(), "opt-out")
    return None


def _report(mail: Mail) -> Fields | None:
    for part in mail.of_kind(*_KINDS):
        return _fields(text_of(part))
    kind, parameters = content_type(mail.fields.first("content-type"))
    if kind == "multipart/report" and parameters.get("report-type", "").lower() == "feedback-report":
        for part in mail.parts:
            if _FIELD.search(text := text_of(part)[:4000]):
                return _fields(text)
    return None


def _fields(text: str) -> Fields:
    """All fields, also behind an empty line that should not be there."""
    return read_fields("\n".join(line for line in text.split("\n") if line.strip()))


def _feedback_report(mail: Mail, report: Fields) -> Reading:
    header = returned_header(mail)
    named = [from_field(value) for name in _RECIPIENTS for value in report.every(name)[:MAX_RECIPIENTS]]
    named = [address for address in dict.fromkeys(named) if address]
    if not named and (single := single_recipient(header)):
        named = [single]
    original = identify(header, report, readable(mail))
    return Reading(Kind.COMPLAINT, _findings(named, READER), original, report.first("feedback-type").strip().lower())


def _microsoft(mail: Mail) -> Reading | None:
    """Outlook.com's complaints (JMRP): the mail itself, with the recipient in a field of its own."""
    header = returned_header(mail)
    found = single_recipient(header)
    if not header.pairs:
        return None
    return Reading(Kind.COMPLAINT, _findings([found] if found else [], "jmrp"), identify(header), "abuse")


def _findings(recipients: list[str], reader: str) -> tuple[Finding, ...]:
    """One for each; one without an address when all of them are hidden."""
    return tuple(Finding(one, _SAID, "", "", reader) for one in recipients or [""])
