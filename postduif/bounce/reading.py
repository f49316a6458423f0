"""Mail that came back, read: what it is, about whom, and about which mail of ours.

`read` takes any bytes, never fails, and costs little whatever they are: every step below it has its limits. Structure
is believed before words: a feedback report, then a delivery status notification, then the declared formats, then an
automatic answer. What a finding means is for `classify`; whether the mail is genuine is for whoever knows our return
paths (its recipients are only what the report claims).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from postduif.bounce.address_text import addresses
from postduif.bounce.auto_reply import read_answer
from postduif.bounce.diagnosis import answers_rcpt, diagnose
from postduif.bounce.feedback import read_complaint
from postduif.bounce.finding import Finding, Kind, Reading
from postduif.bounce.formats import FORMATS
from postduif.bounce.formats.amazon import read_notification
from postduif.bounce.formats.engine import Told, read_by
from postduif.bounce.formats.letter import Letter, letter
from postduif.bounce.formats.others import PLAIN
from postduif.bounce.mail_parts import MAX_HEADER, Mail, split
from postduif.bounce.original import identify
from postduif.bounce.status_report import findings, read_blocks

_MAX_WRAPS = 3
_EXPIRED = re.compile(r"\s*envelope expired\s*", re.IGNORECASE)
"""All that OpenSMTPD says when it gives up, in a report that calls it a delay."""
_NEVER_WARNS = "This is the nullmailer delivery system"
"""It reports only when it gives up, and calls that a delay when the last reply was a 4yz."""
_REPORT = re.compile(rb"^content-type:\s{0,4}multipart/report", re.IGNORECASE | re.MULTILINE)


def read(content: bytes) -> Reading:
    """Read one mail. Line ends may be CRLF, LF or CR."""
    for _ in range(_MAX_WRAPS):
        mail = split(content)
        complaint = read_complaint(mail)
        if complaint is not None:
            return complaint
        note = letter(mail)
        reading = _status_report(mail, note) or read_notification(note.text)
        if reading is not None:
            return reading
        inner = _wrapped(mail) if note.from_system else b""
        if not inner or read_by(note, FORMATS, named=True)[1]:
            break
        content = inner
    return _by_format(note) or _answer(note) or _plain(note)


def _status_report(mail: Mail, note: Letter) -> Reading | None:
    """RFC 3464; what it leaves unsaid is taken from the words for people."""
    message, blocks = read_blocks(mail, note.text if note.from_system else "")
    found = findings(message, blocks)
    if not found:
        return None
    if any(not one.reply.text for one in found):
        said = {one.recipient.lower(): one.words for one in read_by(note, FORMATS)[1]}
        alone = note.text if len(found) == 1 else ""
        found = [one if one.reply.text else _worded(one, said.get(one.recipient.lower(), alone)) for one in found]
    if note.text.lstrip().startswith(_NEVER_WARNS):
        found = [replace(one, action="failed") if one.action == "delayed" else one for one in found]
    return Reading(_kind(found), _staged(found, note), identify(note.returned, message))


def _worded(finding: Finding, words: str) -> Finding:
    """A finding without words, with those that the text has about its recipient."""
    said = finding.reply
    action = "failed" if _EXPIRED.fullmatch(words) else finding.action
    reply = diagnose(words, status=said.enhanced, action=action, remote_mta=said.remote_mta)
    return replace(finding, reply=reply, action=action)


def _wrapped(mail: Mail) -> bytes:
    """A report that came inside of another one, by a gateway that only passed it on."""
    for part in mail.of_kind("message/rfc822"):
        if _REPORT.search(part.octets[:MAX_HEADER]):
            return part.octets
    return b""


def _by_format(note: Letter) -> Reading | None:
    name, told = read_by(note, FORMATS)
    told = _without(told, note, "from")
    return _as_reading(told, name, note) if told else None


def _as_reading(told: list[Told], reader: str, note: Letter) -> Reading:
    found = [Finding(one.recipient, diagnose(one.words, action=one.action), one.action, "", reader) for one in told]
    return Reading(_kind(found), _staged(found, note), identify(note.returned))


def _staged(found: list[Finding], note: Letter) -> tuple[Finding, ...]:
    """With what is known about when it was said. What the text tells is about a recipient only if there is but one."""
    alone = len(found) == 1 and answers_rcpt(note.text)
    return tuple(replace(one, at_rcpt=True) if alone or answers_rcpt(one.reply.text) else one for one in found)


def _plain(note: Letter) -> Reading:
    """The last resort: addresses in a mail that some mail system wrote about a failure."""
    _, told = read_by(note, (PLAIN,))
    told = _without(told, note, "from", "to")
    return _as_reading(told, PLAIN.name, note) if told else Reading()


def _without(told: list[Told], note: Letter, *fields: str) -> list[Told]:
    """Without whom the report is from or to: a mail system signs its mails, and names the sender in them."""
    own = {one.lower() for name in fields for one in addresses(note.mail.fields.first(name))}
    return [one for one in told if one.recipient.lower() not in own]


def _answer(note: Letter) -> Reading | None:
    """An answer of somebody's program. A mail system that signs as one is not away."""
    answer = None if note.signed else read_answer(note.mail, note.text)
    if answer is None:
        return None
    kind, finding = answer
    return Reading(kind, (finding,), identify(note.returned))


def _kind(found: Sequence[Finding]) -> Kind:
    """The worst that happened to anybody."""
    actions = {one.action for one in found}
    if "failed" in actions:
        return Kind.BOUNCE
    return Kind.DELAY if "delayed" in actions else Kind.DELIVERED
