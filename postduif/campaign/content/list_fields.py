"""The header fields that say what kind of mail this is, whose list it is, and where to leave or complain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from postduif import header_text
from postduif.campaign.content.draft import Draft
from postduif.errors import TemplateError
from postduif.mta.merge.content import Header

FEEDBACK = "feedback"
"""Local part of the address for complaints, at the bounce domain. Reports are judged by what they enclose, which holds
addresses that we signed; so one address does for all."""
MAX_LIST_ID = 255  # octets (RFC 2919 section 3)
OURS = frozenset(
    [
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "feedback-id",
        "precedence",
        "cfbl-address",
        "cfbl-feedback-id",
        "auto-submitted",
        "errors-to",
    ]
)
"""Fields that cannot be extra ones: written here, or (the last two) wrong on a mailing."""

_LABEL = r"[A-Za-z0-9!#$&'*+/=?^_`|~-]+"
_LIST_ID = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LIST_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{}\[\]<>\"\\]{0,100}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,40}")
_SENDER_ID = re.compile(r"[A-Za-z0-9._-]{5,15}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a draft does not say of its mailing."""

    mailing: int
    """Its number."""
    names: frozenset[str]
    """The variables that its recipients have, as `mta.merge.names` writes them."""
    bounce_domain: str = ""
    """Where bounces come back to; without it nobody can unsubscribe or complain by mail."""
    kind: str = "mailing"
    """Of mail, for Feedback-ID: letters, digits, `._-`."""
    public_url: str = ""
    """What links to pages of ours begin with; without it nothing is tracked, and there are no such pages."""


def list_fields(draft: Draft, facts: Facts) -> Iterator[Header]:
    """The fields. Raises TemplateError for a value that breaks a field's grammar."""
    if draft.list_id:
        yield Header("List-Id", _list_id(draft), raw=True)
    ways = ["<{{ unsubscribe_url }}>"] if facts.public_url else []
    ways += ["{{ list_unsubscribe }}"] if facts.bounce_domain else []
    if ways:
        yield Header("List-Unsubscribe", ", ".join(ways), raw=True)
    if facts.public_url:
        yield Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click", raw=True)  # RFC 8058
    if draft.feedback_sender:
        yield Header("Feedback-ID", _feedback_id(draft, facts), raw=True)
    if draft.precedence:
        yield Header("Precedence", draft.precedence, raw=True)
    if draft.complaint_address and takes_complaints(draft, facts):
        yield Header("CFBL-Address", f"{FEEDBACK}@{facts.bounce_domain}; report=arf", raw=True)


def takes_complaints(draft: Draft, facts: Facts) -> bool:
    """The bounce domain is that of the sender, above it or below it: others are not believed (RFC 9477 3.1)."""
    ours, theirs = f".{facts.bounce_domain.lower()}", f".{draft.sender.address.rpartition('@')[2].lower()}"
    return bool(facts.bounce_domain) and (ours.endswith(theirs) or theirs.endswith(ours))


def extra_fields(draft: Draft) -> tuple[Header, ...]:
    """The fields that the maker adds. Raises TemplateError for one that is not his."""
    for header in draft.headers:
        if header.name.lower() in OURS:
            raise TemplateError(f"{header.name} is written by us; use its own setting of the mailing")
    return draft.headers


def _list_id(draft: Draft) -> str:
    if not _LIST_ID.fullmatch(draft.list_id) or len(draft.list_id) > MAX_LIST_ID:
        raise TemplateError(f"list_id: {draft.list_id!r} is no name of a list; write it as news.example.com")
    if not _LIST_NAME.fullmatch(draft.list_name):
        raise TemplateError("list_name: at most 100 characters on one line, without brackets, quotes and backslashes")
    if not draft.list_name.strip():
        return f"<{draft.list_id}>"
    return f"{header_text.phrase(draft.list_name, len('List-Id: '))} <{draft.list_id}>"


def _feedback_id(draft: Draft, facts: Facts) -> str:
    parts = draft.feedback_id or (str(facts.mailing), facts.kind)
    if len(parts) > 3 or not all(map(_IDENTIFIER.fullmatch, parts)):
        raise TemplateError("feedback_id: up to three parts of 1 to 40 letters, digits, dots, hyphens and underscores")
    if not _SENDER_ID.fullmatch(draft.feedback_sender):
        raise TemplateError("feedback_sender: 5 to 15 letters, digits, dots, hyphens and underscores")
    return ":".join((*parts, draft.feedback_sender))
