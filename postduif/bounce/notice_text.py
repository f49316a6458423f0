"""The part of a notification that people read: what happened to whom, in whose words, and what comes next."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from postduif.attempt import Kind
from postduif.bounce.status_fields import MAX_DIAGNOSTIC, Fact
from postduif.envelope import Envelope
from postduif.header_text import date, one_line

WIDTH = 76

_SUBJECTS = {
    "failed": "Undelivered mail",
    "delayed": "Delayed mail, still being tried",
    "delivered": "Delivered mail",
    "relayed": "Relayed mail",
    "expanded": "Mail passed on to a list",
}
_OPENINGS = {
    "failed": "Your message could not be delivered to the recipients below. It is not being tried any more.",
    "delayed": "Your message has not been delivered to the recipients below yet. It is still being tried; "
    "you need not send it again.",
    "delivered": "Your message was delivered to the recipients below.",
    "relayed": "Your message was passed on for the recipients below, to a mail system that sends no confirmations. "
    "You may not hear of it again.",
    "expanded": "Your message was passed on to all members of the lists below.",
}


def subject(facts: Sequence[Fact]) -> str:
    """The Subject: the worst that happened."""
    actions = {fact.action for fact in facts}
    return next(text for action, text in _SUBJECTS.items() if action in actions)


def notice_text(envelope: Envelope, facts: Sequence[Fact], hostname: str) -> str:
    """The whole text. Lines end in CRLF and are short; nothing in it comes from the message itself."""
    paragraphs = [f"This is the mail system at {hostname}."]
    for action, opening in _OPENINGS.items():
        concerned = [fact for fact in facts if fact.action == action]
        if concerned:
            paragraphs.append(_filled(opening))
            paragraphs += [_about(fact) for fact in concerned]
    paragraphs.append(_filled(f"The message came here on {date(envelope.received_at)} and has number {envelope.id}."))
    return "\r\n\r\n".join(paragraphs) + "\r\n"


def _about(fact: Fact) -> str:
    lines = [f"  <{one_line(str(fact.recipient.address))}>"]
    if fact.attempt.kind is Kind.EXPIRED:
        lines.append(_indented("It could not be delivered for so long that we gave up."))
    said = fact.said
    words = one_line(str(said)[:MAX_DIAGNOSTIC])
    if said.remote_mta:
        lines.append(_indented(f"{fact.remote_mta or 'The other side'} said: {words}"))
    elif fact.attempt.kind is not Kind.EXPIRED:
        lines.append(_indented(f"Our mail system says: {words}"))
    if fact.will_retry_until is not None and fact.action == "delayed":
        lines.append(_indented(f"We try until {date(fact.will_retry_until)}."))
    return "\r\n".join(lines)


def _indented(text: str) -> str:
    return _filled(text, "    ")


def _filled(text: str, indent: str = "") -> str:
    return "\r\n".join(textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent))
